"""Compiles the contracts when the test runs. What comes out is kept in the temporary directory only."""

import hashlib
import multiprocessing
import os
import pathlib
import site
import sysconfig
import tempfile
from concurrent.futures import ProcessPoolExecutor

HERE = pathlib.Path(__file__).parent / "contracts"
EVM_VERSION = "cancun"


def _compile(name):
    from vyper.cli.vyper_compile import compile_files
    from vyper.compiler.settings import Settings

    path = HERE / f"{name}.vy"
    paths = [str(HERE), sysconfig.get_paths()["purelib"], *site.getsitepackages()]
    answer = compile_files([str(path)], ["bytecode"], paths=paths, settings=Settings(evm_version=EVM_VERSION))
    return bytes.fromhex(next(v for k, v in answer.items() if str(k).endswith(".vy"))["bytecode"][2:])


def compile_all(names):
    """name → creation code. Up to a second a contract the first time."""
    from vyper import __version__

    kept = pathlib.Path(tempfile.gettempdir()) / f"holdfast-real-evm-contracts-{os.getuid()}"
    kept.mkdir(mode=0o700, exist_ok=True)
    if kept.is_symlink() or kept.stat().st_uid != os.getuid():
        raise SystemExit(f"{kept} belongs to somebody else: remove it")
    codes, missing = {}, {}
    for name in names:
        source = (HERE / f"{name}.vy").read_bytes()
        file = kept / hashlib.sha256(source + EVM_VERSION.encode() + __version__.encode()).hexdigest()
        if file.exists():
            codes[name] = file.read_bytes()
        else:
            missing[name] = file
    if missing:
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            for (name, file), code in zip(missing.items(), pool.map(_compile, missing)):
                part = file.with_suffix(".part")
                part.write_bytes(code)
                part.rename(file)
                codes[name] = code
    return codes
