"""Real servers for the proofs. What they are made of is fetched into build/, pinned, and never kept
in the tree; where it cannot be had, their tests are skipped and say why.
"""


class NotToBeHad(Exception):
    """A server that cannot be run here, in a sentence."""
