#!/usr/bin/env python
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallstreetsim.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # the environment is bad, which is no fault to trace
        sys.exit(f"wallstreetsim: {error}")
