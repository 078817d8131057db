"""Bad outputs that the gate must stop, each beside a harmless one that it must let pass; see ``case``."""
