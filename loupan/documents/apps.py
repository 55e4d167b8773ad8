from django.apps import AppConfig


class DocumentsApp(AppConfig):
    name = "loupan.documents"
