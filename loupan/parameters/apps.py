from django.apps import AppConfig


class ParametersApp(AppConfig):
    name = "loupan.parameters"

    def ready(self) -> None:
        from datetime import datetime

        from loupan.org.actions.structure import say_words
        from loupan.org.hooks import READ_WITH_PROJECTS, project_made, tree_moved
        from loupan.org.models import Project, User
        from loupan.parameters.actions.stamps import renew_below
        from loupan.parameters.queries.book import PROJECT_STAMP, parameter_stamp
        from loupan.parameters.queries.words import words_of_all

        def give_words(project: Project, by: User, at: datetime) -> None:
            say_words(words=words_of_all([project.pk]))

        READ_WITH_PROJECTS[PROJECT_STAMP] = parameter_stamp("pk")
        tree_moved.plug("parameters", lambda path: renew_below(path=path))
        project_made.plug("parameters", give_words)
