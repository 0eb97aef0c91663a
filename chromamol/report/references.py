"""The literature behind the methods, each declared once; a text cites it by its key."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Reference:
    """One publication.

    Attributes
    ----------
    kind : str
        Of BibTeX: article, inproceedings, misc.
    authors : tuple of str
        "Family, Given"; the last one may be "others".
    title, source : str
        The source is a journal, the proceedings, or where else it appeared.
    year : int
    volume, pages, doi, url : str
        Empty where there is none.
    """

    kind: str
    authors: tuple[str, ...]
    title: str
    source: str
    year: int
    volume: str = ""
    pages: str = ""
    doi: str = ""
    url: str = ""

    @property
    def address(self) -> str:
        """Where it is found."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url

    @property
    def text(self) -> str:
        """As in a list of references, without the address."""
        names = [_short(name) for name in self.authors if name != "others"]
        if "others" in self.authors or len(names) > 6:
            names = [names[0], "et al."]
            who = " ".join(names)
        else:
            who = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        where = " ".join(filter(None, [self.source, self.volume]))
        return f"{who} {self.title}. {', '.join(filter(None, [where, self.pages]))} ({self.year})."

    def bibtex(self, key: str) -> str:
        """As an entry of a BibTeX file."""
        place = {"article": "journal", "inproceedings": "booktitle"}.get(self.kind, "howpublished")
        fields = {
            "author": " and ".join(self.authors),
            "title": f"{{{self.title}}}",
            place: self.source,
            "year": str(self.year),
            "volume": self.volume,
            "pages": self.pages.replace("–", "--"),
            "doi": self.doi,
            "url": self.url,
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@{self.kind}{{{key},", *lines, "}"])


def _short(name: str) -> str:
    """Write "Family, Given Name" as "Family G. N."."""
    family, _, given = name.partition(", ")
    initials = " ".join(
        "-".join(f"{half[0]}." for half in part.split("-")) for part in given.split()
    )
    return f"{family} {initials}".strip(" {}")


class Cited:
    """Numbers references in the order in which a text cites them.

    Attributes
    ----------
    keys : list of str
        Of `REFERENCES`, those that are cited.
    """

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, *keys: str) -> Markup:
        """Return the mark that cites some references: [1, 2]."""
        links = []
        for key in keys:
            if key not in self.keys:
                self.keys.append(key)
            number = self.keys.index(key) + 1
            links.append(Markup('<a href="#ref-{0}">{0}</a>').format(number))
        return Markup("[{}]").format(Markup(", ").join(links))

    @property
    def references(self) -> list[Reference]:
        """In the order of their numbers."""
        return [REFERENCES[key] for key in self.keys]

    def bibtex(self) -> str:
        """Return a BibTeX file of exactly what is cited."""
        return "\n\n".join(REFERENCES[key].bibtex(key) for key in self.keys) + "\n"


REFERENCES = {
    "kant2024": Reference(
        "article",
        (
            "Kant, Aayush",
            "Guo, Zixian",
            "Vinayak, Vinayak",
            "Neguembor, Maria Victoria",
            "Li, Wing Shun",
            "Agrawal, Vasundhara",
            "Pujadas, Emily",
            "Almassalha, Luay",
            "Backman, Vadim",
            "Lakadamyali, Melike",
            "Cosma, Maria Pia",
            "Shenoy, Vivek B.",
        ),
        "Active transcription and epigenetic reactions synergistically regulate meso-scale genomic "
        "organization",
        "Nature Communications",
        2024,
        "15",
        "4338",
        "10.1038/s41467-024-48698-z",
    ),
    "bhartari2025": Reference(
        "misc",
        ("Bhartari, Ananyae Kumar", "Vinayak, Vinayak", "Shenoy, Vivek B."),
        "Mollifier Layers: Enabling Efficient High-Order Derivatives in Inverse PDE Learning",
        "arXiv 2505.11682",
        2025,
        url="https://arxiv.org/abs/2505.11682",
    ),
    "craven1979": Reference(
        "article",
        ("Craven, Peter", "Wahba, Grace"),
        "Smoothing noisy data with spline functions",
        "Numerische Mathematik",
        1979,
        "31",
        "377–403",
        "10.1007/BF01404567",
    ),
    "kim2004": Reference(
        "article",
        ("Kim, Young-Ju", "Gu, Chong"),
        "Smoothing spline Gaussian regression: more scalable computation via efficient "
        "approximation",
        "Journal of the Royal Statistical Society B",
        2004,
        "66",
        "337–356",
    ),
    "rudin1992": Reference(
        "article",
        ("Rudin, Leonid I.", "Osher, Stanley", "Fatemi, Emad"),
        "Nonlinear total variation based noise removal algorithms",
        "Physica D",
        1992,
        "60",
        "259–268",
        "10.1016/0167-2789(92)90242-F",
    ),
    "hansen2007": Reference(
        "article",
        ("Hansen, Bruce E.",),
        "Least squares model averaging",
        "Econometrica",
        2007,
        "75",
        "1175–1189",
        "10.1111/j.1468-0262.2007.00785.x",
    ),
    "papandreou2010": Reference(
        "inproceedings",
        ("Papandreou, George", "Yuille, Alan L."),
        "Gaussian sampling by local perturbations",
        "Advances in Neural Information Processing Systems",
        2010,
        "23",
        "1858–1866",
    ),
    "johansen1998": Reference(
        "article",
        ("Johansen, Hans", "Colella, Phillip"),
        "A Cartesian grid embedded boundary method for Poisson's equation on irregular domains",
        "Journal of Computational Physics",
        1998,
        "147",
        "60–85",
        "10.1006/jcph.1998.5965",
    ),
    "proskurowski1976": Reference(
        "article",
        ("Proskurowski, Wlodzimierz", "Widlund, Olof"),
        "On the numerical solution of Helmholtz's equation by the capacitance matrix method",
        "Mathematics of Computation",
        1976,
        "30",
        "433–468",
    ),
    "otsu1979": Reference(
        "article",
        ("Otsu, Nobuyuki",),
        "A threshold selection method from gray-level histograms",
        "IEEE Transactions on Systems, Man, and Cybernetics",
        1979,
        "9",
        "62–66",
        "10.1109/TSMC.1979.4310076",
    ),
    "lord2020": Reference(
        "article",
        (
            "Lord, Samuel J.",
            "Velle, Katrina B.",
            "Mullins, R. Dyche",
            "Fritz-Laylin, Lillian K.",
        ),
        "SuperPlots: Communicating reproducibility and variability in cell biology",
        "Journal of Cell Biology",
        2020,
        "219",
        "e202001064",
        "10.1083/jcb.202001064",
    ),
    "benjamini1995": Reference(
        "article",
        ("Benjamini, Yoav", "Hochberg, Yosef"),
        "Controlling the false discovery rate: a practical and powerful approach to multiple "
        "testing",
        "Journal of the Royal Statistical Society B",
        1995,
        "57",
        "289–300",
        "10.1111/j.2517-6161.1995.tb02031.x",
    ),
    "satterthwaite1946": Reference(
        "article",
        ("Satterthwaite, F. E.",),
        "An approximate distribution of estimates of variance components",
        "Biometrics Bulletin",
        1946,
        "2",
        "110–114",
        "10.2307/3002019",
    ),
    "seabold2010": Reference(
        "inproceedings",
        ("Seabold, Skipper", "Perktold, Josef"),
        "statsmodels: Econometric and statistical modeling with Python",
        "Proceedings of the 9th Python in Science Conference",
        2010,
    ),
    "pytorch2024": Reference(
        "inproceedings",
        ("Ansel, Jason", "Yang, Edward", "He, Horace", "Gimelshein, Natalia", "others"),
        "PyTorch 2: Faster Machine Learning Through Dynamic Python Bytecode Transformation and "
        "Graph Compilation",
        "Proceedings of the 29th ACM International Conference on Architectural Support for "
        "Programming Languages and Operating Systems (ASPLOS), Volume 2",
        2024,
        doi="10.1145/3620665.3640366",
    ),
    "vanderwalt2014": Reference(
        "article",
        (
            "van der Walt, Stéfan J.",
            "Schönberger, Johannes L.",
            "Nunez-Iglesias, Juan",
            "Boulogne, François",
            "Warner, Joshua D.",
            "Yager, Neil",
            "Gouillart, Emmanuelle",
            "Yu, Tony",
            "{the scikit-image contributors}",
        ),
        "scikit-image: image processing in Python",
        "PeerJ",
        2014,
        "2",
        "e453",
        "10.7717/peerj.453",
    ),
    "harris2020": Reference(
        "article",
        ("Harris, Charles R.", "Millman, K. Jarrod", "van der Walt, Stéfan J.", "others"),
        "Array programming with NumPy",
        "Nature",
        2020,
        "585",
        "357–362",
        "10.1038/s41586-020-2649-2",
    ),
    "virtanen2020": Reference(
        "article",
        ("Virtanen, Pauli", "Gommers, Ralf", "Oliphant, Travis E.", "others"),
        "SciPy 1.0: fundamental algorithms for scientific computing in Python",
        "Nature Methods",
        2020,
        "17",
        "261–272",
        "10.1038/s41592-019-0686-2",
    ),
    "tancik2020": Reference(
        "inproceedings",
        ("Tancik, Matthew", "Srinivasan, Pratul P.", "Mildenhall, Ben", "others"),
        "Fourier features let networks learn high frequency functions in low dimensional domains",
        "Advances in Neural Information Processing Systems",
        2020,
        "33",
    ),
    "kingma2015": Reference(
        "inproceedings",
        ("Kingma, Diederik P.", "Ba, Jimmy"),
        "Adam: a method for stochastic optimization",
        "International Conference on Learning Representations",
        2015,
        url="https://arxiv.org/abs/1412.6980",
    ),
    "liu1989": Reference(
        "article",
        ("Liu, Dong C.", "Nocedal, Jorge"),
        "On the limited memory BFGS method for large scale optimization",
        "Mathematical Programming",
        1989,
        "45",
        "503-528",
        doi="10.1007/BF01589116",
    ),
    "golub1973": Reference(
        "article",
        ("Golub, Gene H.", "Pereyra, Victor"),
        "The differentiation of pseudo-inverses and nonlinear least squares problems whose "
        "variables separate",
        "SIAM Journal on Numerical Analysis",
        1973,
        "10",
        "413-432",
        doi="10.1137/0710036",
    ),
}
