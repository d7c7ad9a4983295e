"""Answer one SMT-LIB query by integer arithmetic: `cvc5_int.py FILE`.

Splits multiply and divide numbers of 256 bits. Solvers that look at single bits do not finish on them; cvc5, told to
read bit vectors as integers, does so in a second. It prints what every solver prints: sat or unsat, then the model.
"""

from __future__ import annotations

import sys

import cvc5

OPTIONS = {"solve-bv-as-int": "iand", "iand-mode": "bitwise", "produce-models": "true"}


def main() -> int:
    solver = cvc5.Solver()
    for name, value in OPTIONS.items():
        solver.setOption(name, value)
    parser = cvc5.InputParser(solver)
    parser.setFileInput(cvc5.InputLanguage.SMT_LIB_2_6, sys.argv[1])
    symbols = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        answer = str(command.invoke(solver, symbols))
        if answer.strip():
            print(answer, flush=True)
            if answer.strip() == "unsat":
                return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
