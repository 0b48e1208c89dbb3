"""What every journey has."""

from tests.journeys.people import sign_in, sound_pages

__all__ = ["sign_in", "sound_pages"]
