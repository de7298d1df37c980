"""What pages with sealed values of a site say of it to their elements (`ui/sealing_state.html`)."""

from urllib.parse import urlencode

from django.urls import reverse

from vigie.directory.models import Site
from vigie.sealing.queries import active_key, instance_id
from vigie.ui.sealing import SealedPage


def sealed_page(site: Site, *, back: str) -> SealedPage | None:
    """Return where the browser finds the keys of a site; None when it has none in service. `back`: where to go once unlocked."""
    if active_key(site) is None:
        return None
    return SealedPage(
        instance=str(instance_id()),
        site=str(site.id),
        ring_url=reverse("sealing:ring", args=[site.number]),
        open_url=f"{reverse('sealing:unlock', args=[site.number])}?{urlencode({'suite': back})}",
        alarm_url=reverse("sealing:alarm", args=[site.number]),
    )


def scope_of(site: Site) -> str:
    """Return the scope of the values that a site keeps outside events (docs/reference/scellement.md)."""
    return f"dat:{site.id}"
