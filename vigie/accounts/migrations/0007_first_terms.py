"""The first version of the terms of use, which whoever runs the platform replaces by her own (ACC-13)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

FRENCH = """Vigie est le portail des services numériques de votre territoire de santé. En l’utilisant, vous vous engagez à respecter
ce qui suit.

1. Votre compte est personnel. Vous ne prêtez ni votre mot de passe, ni vos clés, ni vos codes, et vous fermez votre
session sur un poste partagé.

2. Vous n’utilisez Vigie que pour votre activité professionnelle et dans la limite des droits qui vous ont été donnés.
Ce que vous y lisez reste soumis au secret professionnel.

3. Vous n’écrivez dans une demande aucune donnée de santé qui permette de reconnaître un patient, sauf dans les espaces
prévus pour cela.

4. Vos connexions et vos actions sont enregistrées, pour la sécurité et pour rendre compte. Les données qui vous
concernent sont traitées pour la seule gestion de ces services ; vous pouvez les consulter, les faire rectifier et en
demander une copie auprès de l’administrateur de votre site.

5. Vous signalez aussitôt à l’administrateur de votre site tout usage anormal, la perte d’un moyen de connexion ou une
erreur de droits.

6. L’accès peut être suspendu en cas de manquement ou lorsque votre activité dans le site prend fin."""
ENGLISH = """Vigie is the portal of the digital services of your health territory. By using it you agree to what follows.

1. Your account is personal. You lend neither your password, nor your keys, nor your codes, and you sign out of shared
workstations.

2. You use Vigie for your professional activity only, within the rights that you were given. What you read here stays
under professional secrecy.

3. You write no health data that identifies a patient in a request, except in the places meant for it.

4. Your sign-ins and your actions are recorded, for security and accountability. Data about you are processed for
running these services only; you may read them, have them corrected and ask for a copy from the administrator of your
site.

5. You report at once to the administrator of your site any abnormal use, the loss of a means of signing in, or wrong
rights.

6. Access may be suspended in case of breach, or when your activity in the site ends."""


def folded(text: str) -> str:
    """Return the text with one line a paragraph."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def publish(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # Row-level security binds the owner of the table too: terms are the platform's to write.
    schema_editor.execute("SELECT set_config('vigie.platform', 'on', true)")
    schema_editor.execute(
        "INSERT INTO accounts_termsofuse (version, text_fr, text_en, published_at) VALUES (1, %s, %s, now())",
        [folded(FRENCH), folded(ENGLISH)],
    )
    schema_editor.execute("SELECT set_config('vigie.platform', '', true)")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_linked_identities")]
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
