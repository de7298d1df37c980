"""What the frame of every page shows. `vigie.web.context` fills it; the kit knows no domain."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from django.http import HttpRequest

Theme = Literal["light", "dark", "auto"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark", "auto")
THEME_COOKIE: Final = "vigie-theme"
NAVIGATION_COOKIE: Final = "vigie-nav"


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    url: str
    icon: str
    active: bool = False
    badge: int = 0


@dataclass(frozen=True, slots=True)
class SiteChoice:
    id: str
    name: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Acting:
    """She acts for others, in the name of her own organisation: said above every page where she does."""

    for_name: str
    in_name_of: str
    until: datetime
    topic: str
    """The live topic that says when this changes."""
    url: str
    """Where the banner is read again."""
    leave_url: str


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything has a default: signed out, on an error page, the frame shows what there is."""

    user_name: str = ""
    user_email: str = ""
    initials: str = ""
    language: str = "fr"
    time_zone: str = "Europe/Paris"
    theme: Theme | None = None
    """None: the theme of this browser's cookie."""
    navigation: Sequence[NavItem] = field(default_factory=tuple)
    sites: Sequence[SiteChoice] = field(default_factory=tuple)
    waiting_count: int = 0
    waiting_url: str = ""
    search_url: str = ""
    search_text: str = ""
    site_url: str = ""
    """Where the site switcher posts `site` and `next`."""
    language_url: str = ""
    """Where the language menu posts `language` and `next`."""
    theme_url: str = ""
    """Where the theme's buttons post `theme` and `next`; empty, the choice stays in this browser's cookie."""
    profile_url: str = ""
    security_url: str = ""
    help_url: str = ""
    home_url: str = "/"
    sign_in_url: str = "/compte/"
    sign_out_url: str = ""
    banner: str = ""
    """One line above every page: demonstration, maintenance."""
    acting: Acting | None = None

    @property
    def site(self) -> SiteChoice | None:
        return next((site for site in self.sites if site.current), None)

    @property
    def is_signed_in(self) -> bool:
        return bool(self.user_name)


def theme_of(request: HttpRequest) -> Theme:
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return next((theme for theme in THEMES if theme == chosen), "auto")


def navigation_is_folded(request: HttpRequest) -> bool:
    return request.COOKIES.get(NAVIGATION_COOKIE) == "folded"
