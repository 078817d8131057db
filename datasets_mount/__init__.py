"""The catalogue of datasets, their immutable snapshots, and how containers see them."""
