"""The gateway: the trusted process on the host between a person's browser, a workspace's container and the hub.

Invariants:

* what is forwarded is, byte for byte, what was matched and judged;
* nobody reaches a container but the person whose it is, as the hub says; to all others it is as if it did not run;
* no login of a person, cookie or token, reaches a container;
* a container's socket is reached only through an inode that was checked, and no link is followed;
* response headers are an allow-list, and what a container could say to the browser beyond its own pages is dropped;
* towards the hub, a container reaches three calls with its own names, and no other;
* every response is counted, and what may show something of a workspace leaves a line of its own; no line holds a body,
  a query or a secret; what strangers and refused people do fills no more than a share of the log;
* memory, descriptors and time for one server are bounded, so that a hostile one hurts nobody but its owner.
"""
