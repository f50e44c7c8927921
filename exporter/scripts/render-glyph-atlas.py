#!/usr/bin/python3
"""Renders exporter/assets/glyphs/{atlas.png,fonts.json}: 62 characters of open fonts, one row per font family.

Only needed to change the atlas, never to install or use Easel. Needs Debian 12 with python3-pil, fontconfig and the
packages of FONTS below:  apt-get install python3-pil fontconfig $(render-glyph-atlas.py --packages)

The atlas is a grey PNG of 16 levels (0 = empty, 15 = ink): column c of row r is the cell of character c in family r.
Within a family all characters share one scale and one baseline, so that c and C, or o, O and 0, keep their
differences in size and place; horizontally each is centred.
"""
import json
import subprocess
import sys
from pathlib import Path

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CELL = 32  # pixels
MARGIN = 2  # pixels on every side that the tallest and the widest character of a family leave free
OVERSAMPLING = 8
ASSETS = Path(__file__).resolve().parent.parent / "assets" / "glyphs"

OFL = "OFL-1.1"
GPL_FONT = "GPL-2.0-or-later WITH Font-exception-2.0"
GPL3_FONT = "GPL-3.0-or-later WITH Font-exception-2.0"
GUST = "GUST-Font-License"

# kind -> (family, style, Debian package without "fonts-", license as in /usr/share/doc/PACKAGE/copyright).
# Left out: clones of a design that is already here, capitals only, hands hard to read, fonts with missing digits,
# plain GPL and non-commercial licenses.
FONTS = {
    "sans": [
        ("Allerta", "Medium", "allerta", OFL),
        ("Andika", "Regular", "sil-andika", OFL),
        ("Averia Sans GWF", "Regular", "averia-sans-gwf", OFL),
        ("B612", "Regular", "b612", OFL),
        ("Cabin", "Regular", "cabin", OFL),
        ("Cantarell", "Regular", "cantarell", OFL),
        ("Carlito", "Regular", "crosextra-carlito", OFL),
        ("Clear Sans", "Regular", "clear-sans", "Apache-2.0"),
        ("Comfortaa", "Regular", "comfortaa", OFL),
        ("DejaVu Sans", "Book", "dejavu-core", "Bitstream-Vera"),
        ("Dosis", "Book", "dosis", OFL),
        ("GFS Neohellenic", "Regular", "gfs-neohellenic", OFL),
        ("Gillius ADF", "Regular", "adf-gillius", GPL_FONT),
        ("Go", "Regular", "go", "BSD-3-Clause"),
        ("Ikarius ADF Std", "Regular", "adf-ikarius", GPL_FONT),
        ("Inter", "Regular", "inter", OFL),
        ("Junction", "Regular", "junction", OFL),
        ("Jura", "Regular", "jura", OFL),
        ("Karla", "Regular", "karla", OFL),
        ("Lato", "Regular", "lato", OFL),
        ("League Spartan", "Regular", "league-spartan", OFL),
        ("Liberation Sans", "Regular", "liberation2", OFL),
        ("Libris ADF Std", "Regular", "adf-libris", GPL_FONT),
        ("Linux Biolinum O", "Regular", "linuxlibertine", OFL),
        ("Manjari", "Regular", "smc-manjari", OFL),
        ("Manrope", "Regular", "manrope", OFL),
        ("National Park", "Regular", "national-park", OFL),
        ("Open Sans", "Regular", "open-sans", "Apache-2.0"),
        ("OSP-DIN", "DIN", "opendin", OFL),
        ("Oxygen-Sans", "Sans-Book", "oxygen", OFL),
        ("Play", "Regular", "play", OFL),
        ("Quicksand", "Regular", "quicksand", OFL),
        ("Roadgeek 2014 Series D", "Regular", "roadgeek", "MIT"),
        ("Roboto", "Regular", "roboto-unhinted", "Apache-2.0"),
        ("Routed Gothic", "Regular", "routed-gothic", OFL),
        ("Sora", "Regular", "sora", OFL),
        ("TeX Gyre Adventor", "Regular", "texgyre", GUST),
        ("Tiresias Infofont", "Regular", "tiresias", GPL3_FONT),
        ("Tuffy", "Regular", "tuffy", "public-domain"),
        ("Universalis ADF Std", "Regular", "adf-universalis", GPL_FONT),
        ("Yanone Kaffeesatz", "Regular", "yanone-kaffeesatz", OFL),
        ("eurofurence", "regular", "eurofurence", OFL),
        ("osifont", "Medium", "osifont", "GPL-3.0-only WITH Font-exception-2.0"),
    ],
    "serif": [
        ("Accanthis ADF Std", "Regular", "adf-accanthis", GPL_FONT),
        ("Arapey", "Regular", "arapey", OFL),
        ("Averia Serif GWF", "Regular", "averia-serif-gwf", OFL),
        ("Baskervald ADF Std", "Regular", "adf-baskervald", GPL_FONT),
        ("Berenis ADF Pro", "Regular", "adf-berenis", GPL_FONT),
        ("CMU Concrete", "Roman", "cmu", OFL),
        ("Caladea", "Regular", "crosextra-caladea", "Apache-2.0"),
        ("Caslon", "Roman", "georgewilliams", OFL),
        ("Century Catalogue", "Roman", "century-catalogue", "OFL-1.0"),
        ("Charis SIL", "Regular", "sil-charis", OFL),
        ("Compagnon", "Roman", "compagnon", OFL),
        ("DejaVu Serif", "Book", "dejavu-core", "Bitstream-Vera"),
        ("EB Garamond", "12 Regular", "ebgaramond", OFL),
        ("Essays1743", "Medium", "essays1743", OFL),
        ("Fanwood Text", "Regular", "fanwood", "MIT"),
        ("GFS Didot", "Regular", "gfs-didot", OFL),
        ("Gentium Plus", "Regular", "sil-gentiumplus", OFL),
        ("Goudy Bookletter 1911", "Regular", "goudybookletter", "public-domain"),
        ("Irianis ADF Std", "Regular", "adf-irianis", GPL_FONT),
        ("Junicode Two Beta", "Regular", "junicode", OFL),
        ("Liberation Serif", "Regular", "liberation2", OFL),
        ("Linden Hill", "Regular", "lindenhill", "MIT"),
        ("Linux Libertine O", "Regular", "linuxlibertine", OFL),
        ("Mekanus ADF Std", "Regular", "adf-mekanus", GPL_FONT),
        ("Old Standard TT", "Regular", "oldstandard", "OFL-1.0"),
        ("Prociono", "Regular", "prociono", "public-domain"),
        ("Quattrocento", "Regular", "quattrocento", OFL),
        ("Rasa", "Regular", "yrsa-rasa", OFL),
        ("Roboto Slab", "Regular", "roboto-slab", "Apache-2.0"),
        ("Romande ADF Std", "Regular", "adf-romande", GPL_FONT),
        ("TeX Gyre Bonum", "Regular", "texgyre", GUST),
        ("TeX Gyre Pagella", "Regular", "texgyre", GUST),
        ("Vollkorn", "Regular", "vollkorn", OFL),
    ],
    "mono": [
        ("Agave", "Regular", "agave", "MIT"),
        ("Anonymous Pro", "Regular", "anonymous-pro", OFL),
        ("CMU Typewriter Text", "Regular", "cmu", OFL),
        ("Courier Prime Code", "Regular", "courier-prime", OFL),
        ("DotGothic16", "Regular", "dotgothic16", OFL),
        ("Fantasque Sans Mono", "Regular", "fantasque-sans", OFL),
        ("Fira Code", "Regular", "firacode", OFL),
        ("GNUTypewriter", "Standard", "gnutypewriter", OFL),
        ("Hermit", "medium", "hermit", OFL),
        ("Inconsolata", "Medium", "inconsolata", "OFL-1.0"),
        ("JetBrains Mono", "Regular", "jetbrains-mono", "Apache-2.0"),
        ("League Mono", "Regular", "league-mono", OFL),
        ("Monoid", "Regular", "monoid", OFL),
        ("Noto Sans Mono", "Regular", "noto-mono", OFL),
        ("OCR B", "Regular", "ocr-b", "public-domain"),
        ("OCRA", "Medium", "ocr-a", "public-domain"),
        ("monofur", "Regular", "monofur", OFL),
        ("mononoki", "Regular", "mononoki", OFL),
    ],
    "handwriting": [
        ("Chilanka", "Regular", "smc-chilanka", OFL),
        ("Comic Neue", "Regular", "comic-neue", OFL),
        ("Dancing Script", "Regular", "dancingscript", OFL),
        ("Delphine", "Regular", "sjfonts", GPL_FONT),
        ("Havana", "Regular", "havana", OFL),
        ("Kaushan Script", "Regular", "kaushanscript", OFL),
        ("Klee One", "Regular", "klee", OFL),
        ("Leckerli One", "Regular", "leckerli-one", OFL),
        ("Lobster Two", "Regular", "lobstertwo", OFL),
        ("Romande ADF Script Std", "Italic", "adf-romande", GPL_FONT),
        ("Rufscript", "Regular", "rufscript", GPL3_FONT),
        ("Steve", "Hand", "sjfonts", GPL_FONT),
        ("TeX Gyre Chorus", "Regular", "texgyre", GUST),
        ("Yusei Magic", "Regular", "yusei-magic", OFL),
    ],
    "display": [
        ("Cherry Bomb", "Regular", "cherrybomb", OFL),
        ("Jessen", "Cicero 12", "gotico-antiqua", OFL),
        ("Klaudia", "Book", "klaudia-berenika", OFL),
        ("Lemonada", "Regular", "lemonada", OFL),
        ("Millimetre", "Regular", "millimetre", OFL),
        ("Radis Sans", "Medium", "radisnoir", OFL),
        ("Reggae One", "Regular", "reggae", OFL),
        ("RocknRoll One", "Regular", "rocknroll", OFL),
        ("Stick", "Regular", "stick", OFL),
    ],
}


def main():
    packages = sorted({f"fonts-{font[2]}" for fonts in FONTS.values() for font in fonts})
    if "--packages" in sys.argv:
        print(" ".join(packages))
        return
    from PIL import Image

    installed = installed_fonts(packages)
    rows, entries = [], []
    for kind, fonts in FONTS.items():
        for position, (family, style, package, license_name) in enumerate(fonts):
            path = installed.get((f"fonts-{package}", family, style))
            if not path:
                styles = sorted(key for key in installed if key[1] == family)
                sys.exit(f"{family} {style} is not in fonts-{package}; installed: {styles}")
            row = render_family(path)
            check_family(family, row)
            rows.append(row)
            entries.append({
                "family": family,
                "style": style,
                "kind": kind,
                "split": split_of(position),
                "license": license_name,
                "package": f"fonts-{package}",
                "version": package_version(f"fonts-{package}"),
            })
    atlas = Image.new("L", (CELL * len(CHARACTERS), CELL * len(rows)))
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            atlas.paste(cell, (c * CELL, r * CELL))
    ASSETS.mkdir(parents=True, exist_ok=True)
    indexed = atlas.point(lambda grey: (grey * 15 + 127) // 255)
    paletted = Image.frombytes("P", indexed.size, indexed.tobytes())
    paletted.putpalette([channel for level in range(16) for channel in [level * 17] * 3])
    paletted.save(ASSETS / "atlas.png", bits=4, optimize=True)
    document = {"characters": CHARACTERS, "cell": CELL, "fonts": entries}
    (ASSETS / "fonts.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    size = (ASSETS / "atlas.png").stat().st_size
    print(f"{len(entries)} families, {size} bytes")


def split_of(position):
    """Of every six families of a kind, four train, one validates and one tests."""
    return {1: "validation", 4: "test"}.get(position % 6, "train")


def render_family(path):
    from PIL import Image, ImageDraw, ImageFont

    reference = ImageFont.truetype(str(path), 1000)
    boxes = [reference.getbbox(character, anchor="ls") for character in CHARACTERS]
    top = -min(box[1] for box in boxes)
    bottom = max(box[3] for box in boxes)
    width = max(box[2] - box[0] for box in boxes)
    room = (CELL - 2 * MARGIN) * OVERSAMPLING
    size = int(1000 * min(room / (top + bottom), room / width))
    font = ImageFont.truetype(str(path), size)
    side = CELL * OVERSAMPLING
    baseline = side / 2 + (top - bottom) / 2 * size / 1000
    row = []
    for character in CHARACTERS:
        left, _, right, _ = font.getbbox(character, anchor="ls")
        cell = Image.new("L", (side, side))
        place = (round(side / 2 - (left + right) / 2), round(baseline))
        ImageDraw.Draw(cell).text(place, character, font=font, fill=255, anchor="ls")
        row.append(cell.resize((CELL, CELL), Image.BOX))
    return row


def check_family(family, row):
    """Stops at an empty cell, at tofu (several characters alike) and at capitals in place of small letters."""
    from PIL import ImageChops, ImageStat

    def cropped(cell):
        return cell.crop(cell.getbbox()).resize((24, 24))

    def difference(a, b):
        return ImageStat.Stat(ImageChops.difference(cropped(a), cropped(b))).mean[0]

    cell = dict(zip(CHARACTERS, row))
    for character in CHARACTERS:
        ink = sum(cell[character].getdata()) / 255
        if ink < 8:
            sys.exit(f"{family}: {character} is nearly empty ({ink:.1f} px of ink)")
    for a, b in ["12", "34", "56", "78", "AB", "DE", "GH", "MN", "QR", "ae", "dg", "hk", "mn"]:
        if difference(cell[a], cell[b]) < 3:
            sys.exit(f"{family}: {a} and {b} look the same")
    same = [small for small in "abdeghqr" if difference(cell[small], cell[small.upper()]) < 20]
    if len(same) > 2:
        sys.exit(f"{family}: small letters {same} look like capitals")


def installed_fonts(packages):
    """(package, family, style) -> path."""
    fonts = {}
    for package in packages:
        files = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=True).stdout.split("\n")
        paths = sorted(path for path in files if path.lower().endswith((".ttf", ".otf")))
        for path in paths:
            query = subprocess.run(
                ["fc-query", "-f", "%{family[0]}\t%{style[0]}\n", path], capture_output=True, text=True, check=True
            )
            family, style = query.stdout.split("\n")[0].split("\t")
            fonts.setdefault((package, family, style), Path(path))
    return fonts


def package_version(package):
    query = ["dpkg-query", "-W", "-f", "${Version}", package]
    return subprocess.run(query, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
