"""What the registry asks of those above it, which it may not import."""

from __future__ import annotations

from django.dispatch import Signal

# Somebody wants a version to become the active one. Sent with project, name, version (int), actor. The receiver starts to build
# it and answers with the run's id, None where it is active already; the pointer moves by services.set_active when it is done.
activation_asked = Signal()
