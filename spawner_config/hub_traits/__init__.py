"""JupyterHub's traits, set from the lab's settings; ``traits.apply`` sets all of them."""

from spawner_config.hub_traits.traits import Parts, apply

__all__ = ["Parts", "apply"]
