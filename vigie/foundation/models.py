"""Tables that know no domain."""

from django.db import models


class CacheEntry(models.Model):
    """One value of the shared cache: rate limits, replay marks, short-lived results (see `cache`)."""

    key = models.TextField(primary_key=True)
    value = models.BinaryField()
    expires_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return self.key
