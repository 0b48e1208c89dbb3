"""What every journey has."""

from tests.journeys.people import sign_in

__all__ = ["sign_in"]
