"""What the ports stand for on a real machine: database, vault, engine, storage, signer."""
