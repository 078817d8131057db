"""Stand-ins that keep the ports' contracts without an engine, a mount or a second of waiting."""
