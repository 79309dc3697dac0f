"""Snapshots of real contracts on a real EVM against their event histories. `python test_snapshots.py [--seed N]`

The program is .build/debug/holdfast of this repository, or HOLDFAST_BIN. The last line is `N passed, N failed`; the exit
code is 0 only if nothing failed.
"""

import argparse
import json
import random
import sys
import tempfile

import rlp
from eth_hash.auto import keccak

from chain import Account, Chain
from compiler import compile_all
from rpc import Server
from scenario import abi
from test_index import Checks, Program, tail

BLOCKS = 40
PER_BLOCK = 12
NAMES = ["enumerable", "erc721", "erc1155", "uris"]


class History:
    """Random mints, transfers and burns of two contracts; what it meant to happen is kept beside."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.owner = Account(b"snapshots")
        self.accounts = [Account(b"holder%d" % number) for number in range(7)]
        self.chain = Chain(31337, [self.owner.address])
        self.nonce = 0
        codes = compile_all(NAMES)
        self.contracts = {}
        for name in NAMES:
            self.contracts[name] = keccak(rlp.encode([self.owner.address, self.nonce]))[12:]
            self.chain.mine([self.send(b"", codes[name])])
        # Enumerated ids may be any number; those of the plain contract are given as a range.
        self.owners = {"enumerable": {}, "erc721": {}}

    def send(self, to, data):
        self.nonce += 1
        return self.chain.sign(self.owner, self.nonce - 1, to, data, gas=3_000_000)

    def step(self, name):
        owners, contract = self.owners[name], self.contracts[name]
        receiver = self.dice.choice(self.accounts).address
        kind = self.dice.random()
        if name == "erc721":
            # The plain contract lets holders move their own; the minter is the only one who signs here.
            token = self.dice.randrange(1, 400)
            if token in owners:
                return None
            owners[token] = receiver
            return self.send(contract, abi("mint(address,uint256)", receiver, token))
        if kind < 0.5 or not owners:
            token = self.dice.choice([self.dice.randrange(500), self.dice.getrandbits(256)])
            if token in owners:
                return None
            owners[token] = receiver
            return self.send(contract, abi("mint(address,uint256)", receiver, token))
        token = self.dice.choice(sorted(owners))
        if kind < 0.85:
            owners[token] = receiver
            return self.send(contract, abi("move(address,uint256)", receiver, token))
        del owners[token]
        return self.send(contract, abi("burn(uint256)", token))

    def play(self, blocks):
        for _ in range(blocks):
            made = [self.step(self.dice.choice(["enumerable", "enumerable", "erc721"])) for _ in range(PER_BLOCK)]
            block = self.chain.mine([transaction for transaction in made if transaction])
            assert all(receipt.logs for receipt in block.receipts), "a transaction of the history failed"


def held(program, contract, *more):
    """(id → owner) of one contract in an export, without the burned ones."""
    done = program("export", "holdings", "--format", "jsonl", *more)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    wanted = "0x" + contract.hex()
    return {
        int(line["tokenId"]): bytes.fromhex(line["owner"][2:])
        for line in lines
        if line["contract"].lower() == wanted and int(line["owner"], 16)
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    check = Checks()
    history = History(options.seed)
    history.play(BLOCKS)
    chain, contracts = history.chain, history.contracts
    then = {name: dict(owners) for name, owners in history.owners.items()}
    at = chain.head.number
    # Blocks above, so that this one is final, with events of both contracts.
    history.play(BLOCKS)
    server = Server(chain).start()
    with tempfile.TemporaryDirectory() as directory:
        whole, taken = Program(directory, "whole.db"), Program(directory, "taken.db")
        done = whole("sync", "--rpc", server.url, "--to-block", "latest")
        check("the history is read", done.returncode == 0, tail(done.stderr))
        for name, more in (("enumerable", ()), ("erc721", ("--ids", "0-450"))):
            address = "0x" + contracts[name].hex()
            done = taken("snapshot", address, "--rpc", server.url, "--at-block", str(at), "--json", *more)
            job = json.loads(done.stdout or "{}")
            good = done.returncode == 0 and job.get("state") == "published" and job.get("read") == len(then[name])
            check(f"{name}: a snapshot of {len(then[name])} tokens is published", good, tail(done.stdout + done.stderr))
            check(f"{name}: equals what was played", held(taken, contracts[name]) == then[name])
            check(
                f"{name}: equals its event history",
                held(taken, contracts[name]) == held(whole, contracts[name], "--at-block", str(at)),
            )
        for name, word in (("erc1155", "ERC-1155"), ("uris", "ERC-165")):
            done = taken("snapshot", "0x" + contracts[name].hex(), "--rpc", server.url, "--at-block", str(at))
            good = done.returncode == 1 and word in done.stdout + done.stderr
            check(f"{name} is refused with the reason", good, tail(done.stdout + done.stderr))
        done = taken("sync", "--rpc", server.url, "--to-block", "latest")
        check("the tail goes on from the snapshots", done.returncode == 0, tail(done.stderr))
        for name in ("enumerable", "erc721"):
            same = held(taken, contracts[name]) == held(whole, contracts[name]) == history.owners[name]
            check(f"{name}: then it equals the history, and what was played", same)
        done = taken("verify", "--all", "--rpc", server.url, "--json")
        report = json.loads(done.stdout or "{}")
        good = done.returncode == 0 and not report.get("differences")
        check("every holding is as its contract says", good, tail(done.stdout + done.stderr))
    server.stop()
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
