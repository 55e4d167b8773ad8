"""Copy the browser files named here from node_modules to assets/, and draw the icon sprite.

Standard library only: it runs before anything is installed.  No bundler: every file is served as it
was published, under a name without a version (the page's cache key is its content hash).
"""

import re
import shutil
from pathlib import Path

VENDOR = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "alpine.min.js": "@alpinejs/csp/dist/cdn.min.js",
    "tom-select.min.css": "tom-select/dist/css/tom-select.bootstrap5.min.css",
    "tom-select.min.js": "tom-select/dist/js/tom-select.complete.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
}
FOR_TESTS = {"axe.min.js": "axe-core/axe.min.js"}
FONT_PACKAGE = "@expo-google-fonts/noto-sans-sc"
FONTS = {
    "NotoSansSC-Regular.ttf": "400Regular/NotoSansSC_400Regular.ttf",
    "NotoSansSC-Bold.ttf": "700Bold/NotoSansSC_700Bold.ttf",
}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
SOURCE_MAP = re.compile(rb"(?:/\*[#@] sourceMappingURL=.*?\*/|//[#@] sourceMappingURL=[^\n]*)\s*$")
# <c-icon name="home">, {% icon "home" %}, "#tabler-home", icon="home" and "icon": "home".
ICON = re.compile(
    r"""(?:(?:<c-icon\b[^>]*?\bname=|\bicon=|{%\s*icon\s+|["']icon["']:\s*)["']|\#tabler-)"""
    r"""([a-z0-9]+(?:-[a-z0-9]+)*)(?=["'<>\s)])"""
)

# Place(_("Home"), "home", …): a word after a label is an icon if there is one of that name.
PERHAPS_ICON = re.compile(r"""_\("[^"]*"\),\s*"([a-z0-9]+(?:-[a-z0-9]+)*)\"""")


def copy(source: Path, target: Path) -> None:
    """Copy without the pointer to a source map, which the static files would have to contain."""
    content = SOURCE_MAP.sub(b"", source.read_bytes())
    if not target.exists() or target.read_bytes() != content:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def sources(root: Path) -> list[str]:
    """The text of everything that may ask for an icon."""
    return [
        path.read_text(encoding="utf-8")
        for ending in ("html", "py", "js")
        for path in (root / "loupan").rglob(f"*.{ending}")
        if "tests" not in path.parts and "migrations" not in path.parts
    ]


def icon_file(root: Path, name: str) -> Path:
    """The drawing of an icon; a name ending in -filled is the filled drawing of the same name."""
    icons = root / "node_modules/@tabler/icons/icons"
    if name.endswith("-filled"):
        return icons / "filled" / f"{name.removesuffix('-filled')}.svg"
    return icons / "outline" / f"{name}.svg"


def missing_icons(root: Path) -> list[str]:
    asked = {name for text in sources(root) for name in ICON.findall(text)}
    return sorted(name for name in asked if not icon_file(root, name).exists())


def sprite(root: Path) -> str:
    """One SVG with a <symbol id="tabler-NAME"> for every icon found in the sources."""
    symbols = []
    texts = sources(root)
    names = {
        name for pattern in (ICON, PERHAPS_ICON) for text in texts for name in pattern.findall(text)
    }
    for name in sorted(names):
        path = icon_file(root, name)
        if not path.exists():
            continue  # A test names it; a page without one icon is better than no page.
        drawing = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(encoding="utf-8"), re.DOTALL)
        assert drawing, path
        shapes = re.sub(r"\s*\n\s*", "", drawing[1]).strip()
        paint = (
            'fill="currentColor"'
            if name.endswith("-filled")
            else 'fill="none" stroke="currentColor" stroke-width="2"'
            ' stroke-linecap="round" stroke-linejoin="round"'
        )
        symbols.append(f'<symbol id="tabler-{name}" viewBox="0 0 24 24" {paint}>{shapes}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def build(root: Path) -> None:
    """Make assets/ agree with node_modules and the sources."""
    for folder, files in (("vendor", VENDOR), ("test", FOR_TESTS)):
        for name, source in files.items():
            copy(root / "node_modules" / source, root / "assets" / folder / name)
    drawn = sprite(root)
    target = root / "assets" / "vendor" / "icons.svg"
    if not target.exists() or target.read_text(encoding="utf-8") != drawn:
        target.write_text(drawn, encoding="utf-8")


def needs_fonts(root: Path) -> bool:
    """Whether neither the machine nor assets/fonts has a Chinese font for paper."""
    if all((root / "assets" / "fonts" / name).exists() for name in FONTS):
        return False
    installed = (
        path
        for folder in FONT_FOLDERS
        for path in Path(folder).expanduser().rglob("NotoSans*")
        if path.name.startswith(("NotoSansCJK", "NotoSansSC"))
    )
    return next(installed, None) is None


def copy_fonts(root: Path, node_modules: Path) -> None:
    target = root / "assets" / "fonts"
    target.mkdir(parents=True, exist_ok=True)
    for name, source in FONTS.items():
        shutil.copyfile(node_modules / FONT_PACKAGE / source, target / name)
