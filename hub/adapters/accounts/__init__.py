"""The lab's accounts on this machine, and what of the state folder is whose.

``layout`` is the table of paths with owner, group and mode; ``known`` asks the machine for the numbers of accounts;
``applied`` makes the folder what the table says; ``moved`` brings an older state folder along.
"""
