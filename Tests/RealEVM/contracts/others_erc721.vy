# pragma version 0.4.3
# ERC-721 as written by others: a thin shell around the snekmate package, which is installed for the test only.

from snekmate.auth import ownable
from snekmate.tokens import erc721

initializes: ownable
initializes: erc721[ownable := ownable]
exports: erc721.__interface__


@deploy
@payable
def __init__():
    ownable.__init__()
    erc721.__init__("Others", "OTH", "https://metadata.invalid/others/", "Others", "1")
