"""The rules that the gate applies, each registered by its identifier."""
