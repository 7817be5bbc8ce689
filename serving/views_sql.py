"""The report under the SQL of the "+" form: what it would become, and values of real events where somebody asks for them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from core.errors import Invalid
from features.forms_question import question
from features.pages import PROJECT, editing
from features.sql_report import report_of
from serving.sql_answer import answer


@editing
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Judges the SQL while it is typed: its errors with line and column, else what it would make; `preview` adds values."""
    asked = question(request.POST)
    context = {}
    if asked is not None:
        try:
            context = report_of(answer(PROJECT, asked | ({"preview": True} if "preview" in request.POST else {})))
        except Invalid:  # of another field, which says so itself when the form is sent
            context = {}
    return render(request, "features/sql_report.html", context)
