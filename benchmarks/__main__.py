"""Run benchmarks by name and print what they measured: `python3 run.py bench [NAME…]`."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks import frame

NOT_BENCHMARKS = {"__init__", "__main__", "frame"}


def names() -> list[str]:
    return sorted({path.stem for path in Path(__file__).parent.glob("*.py")} - NOT_BENCHMARKS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="run.py bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--database-url", metavar="URL", help="a PostgreSQL to use and leave")
    arguments = parser.parse_args()
    chosen = arguments.names or names()
    if unknown := set(chosen) - set(names()):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    results: dict[str, list[frame.Row]] = {}
    with frame.context(arguments.database_url) as context:
        facts = frame.machine(context)
        print(", ".join(f"{name} {value}" for name, value in facts.items()), flush=True)
        print(f"\n{frame.HEAD}", flush=True)
        for name in chosen:
            results[name] = import_module(f"benchmarks.{name}").run(context)
            print(frame.table(name, results[name]), flush=True)
        if arguments.json:
            arguments.json.write_text(frame.as_json(context, results), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
