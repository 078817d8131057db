"""The demonstration: real data and notebooks that every installation can try the lab with."""
