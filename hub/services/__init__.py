"""Use cases: load, check the rule, make the new value, save it with its audit event."""
