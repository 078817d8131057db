"""The one process of the lab that holds root's and the engine's power, and lends it out deed by deed.

Hub, portal and worker hold neither: what they need of it they ask for over sockets that look who is asking. ``engine``
is the gate before the engine's socket; ``calls``, ``orders`` and ``folders`` are what it looks at; ``places`` says
where it is found.
"""
