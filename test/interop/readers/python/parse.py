"""parse.py hcl|powershell|toml|xml FILE: exits 1 and names the place when the file is not in the language. Nothing of it is run.

HCL is read by python-hcl2, TOML and XML by Python itself, PowerShell by the grammar of tree-sitter-powershell: Microsoft's own parser is part of
PowerShell, which none of the registries of these tests has.
"""

import sys

language, path = sys.argv[1:]
with open(path, "rb") as file:
    text = file.read()


def hcl():
    import hcl2

    hcl2.loads(text.decode())


def toml():
    import tomllib

    tomllib.loads(text.decode())


def xml():
    from xml.dom import minidom

    minidom.parseString(text)


def powershell():
    import tree_sitter_powershell
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_powershell.language())).parse(text).root_node
    if not root.has_error:
        return
    wrong = root
    while child := next((each for each in wrong.children if each.has_error or each.is_missing), None):
        wrong = child
    raise SyntaxError(f"{path}:{wrong.start_point.row + 1}:{wrong.start_point.column + 1} {wrong.type}")


try:
    {"hcl": hcl, "powershell": powershell, "toml": toml, "xml": xml}[language]()
except ImportError:
    raise
except Exception as error:
    print(f"{path}: {str(error).strip()}"[:500], file=sys.stderr)
    sys.exit(1)
