"""How the lab's processes ask the privileged one: for its verbs, and for the engine.

``places`` says where it listens; ``verbs`` what may be asked; ``channel`` how it is said; ``storage`` is the lab's
storage for those who have no power of their own. The other side is ``hub.privileged``.
"""
