from django.apps import AppConfig


class VirtualschoolConfig(AppConfig):
    name = "virtualschool"
    verbose_name = "Virtual school"
