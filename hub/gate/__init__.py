"""The automatic checks on what people ask to export."""
