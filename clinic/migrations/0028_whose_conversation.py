from django.db import migrations

# Rooms of before say whose visit they are about, so that doctors in care find them and the inbox names them.
WHOSE = """
UPDATE messaging_room AS room SET patient_id = patient.user_id
FROM clinic_appointment AS visit JOIN clinic_patient AS patient ON patient.id = visit.patient_id
WHERE visit.room_id = room.id AND room.kind = 'visit' AND room.patient_id IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0027_notices_to_patients"),
        ("messaging", "0006_questions_to_the_practice"),
    ]
    operations = [migrations.RunSQL(WHOSE, migrations.RunSQL.noop)]
