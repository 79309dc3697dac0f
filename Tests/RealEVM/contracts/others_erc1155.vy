# pragma version 0.4.3
# ERC-1155 as written by others: a thin shell around the snekmate package, which is installed for the test only.

from snekmate.auth import ownable
from snekmate.tokens import erc1155

initializes: ownable
initializes: erc1155[ownable := ownable]
exports: erc1155.__interface__


@deploy
@payable
def __init__():
    ownable.__init__()
    erc1155.__init__("https://metadata.invalid/others/")
