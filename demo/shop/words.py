"""The report's words in English and Brazilian Portuguese."""

from __future__ import annotations

LANGUAGES = ("en", "pt-BR")

PORTUGUESE = {
    "Feature groups": "Grupos de features",
    "new": "novo",
    "already there": "já existia",
    "version": "versão",
    "whole history": "todo o histórico",
    "Events sent": "Eventos enviados",
    "delivery": "remessa",
    "accepted": "aceitos",
    "duplicates": "duplicados",
    "unrouted": "sem rota",
    "rejected": "recusados",
    "in order": "em ordem",
    "late, out of order": "atrasados, fora de ordem",
    "sent twice": "enviados duas vezes",
    "nobody asked for yet": "que ninguém pediu ainda",
    "with mistakes": "com erros",
    "Everything had been sent before: nothing was added.": "Tudo já tinha sido enviado antes: nada foi acrescentado.",
    "Served now, from the online store": "Servido agora, pelo armazém online",
    "History of": "Histórico de",
    "rows": "linhas",
    "Dead letters: refused, with the reason": "Eventos recusados (dead letters), com o motivo",
    "none": "nenhum",
    "waiting for a group that takes them": "à espera de um grupo que os receba",
    "Open": "Abra",
    "Try next": "Experimente",
    "pages": "páginas",
    "the API, to try": "a API, para experimentar",
    "metrics for Prometheus": "métricas para o Prometheus",
    "JSTORE_API_KEY is the key you gave, or api_key in .jstore/run.json": "JSTORE_API_KEY é a chave que você deu, "
    "ou api_key em .jstore/run.json",
    "one customer, now": "um cliente, agora",
    "the same a week ago, from the event log": "o mesmo há uma semana, pelo log de eventos",
    "an event of your own, and what it changes": "um evento seu, e o que ele muda",
    "a group over events already sent: nobody has asked for the newsletters": "um grupo sobre eventos já enviados: "
    "ninguém pediu ainda as newsletters",
    "loyal": "fiel",
    "card stolen within the hour": "cartão roubado nesta hora",
    "lapsed": "afastado",
    "Done in": "Pronto em",
}


class Words:
    """Looks words up; English is its own key."""

    def __init__(self, language: str = "en") -> None:
        self.language = language

    def __call__(self, english: str) -> str:
        return PORTUGUESE[english] if self.language == "pt-BR" else english

    def number(self, value: int) -> str:
        """1,234 or 1.234."""
        text = f"{value:,}"
        return text.replace(",", ".") if self.language == "pt-BR" else text
