"""Files from outside are kept as what they show, and refused in a sentence."""

from io import BytesIO

import pikepdf
import pypdf
import pytest
from PIL import Image, PngImagePlugin

from config import uploads
from config.decoding import papers, pictures


def picture(size=(64, 48), form="JPEG", mode="RGB", colour="red", **options) -> bytes:
    file = BytesIO()
    Image.new(mode, size, colour).save(file, form, **options)
    return file.getvalue()


def paper(pages=1, change=lambda pdf: None, **options) -> bytes:
    file = BytesIO()
    with pikepdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page(page_size=(200, 300))
        change(pdf)
        pdf.save(file, **options)
    return file.getvalue()


def taken_from_a_phone() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the right
    exif[0x010F] = "Phone"
    exif.get_ifd(0x8825)[1] = "S"
    return picture(exif=exif, comment=b"At home")


class TestPictures:
    def test_lose_the_place_the_camera_and_every_comment_and_stand_upright(self):
        sent = taken_from_a_phone()
        assert b"At home" in sent

        taken = uploads.take(sent)

        with Image.open(BytesIO(taken.content)) as kept:
            assert (kept.format, kept.size, dict(kept.getexif())) == ("JPEG", (48, 64), {})
            assert set(kept.info) <= {
                "jfif",
                "jfif_version",
                "jfif_unit",
                "jfif_density",
                "progressive",
                "progression",
            }
        assert (taken.kind, taken.width, taken.height, taken.pages) == ("image", 48, 64, 0)
        assert b"Phone" not in taken.content + taken.thumbnail

    def test_keep_what_one_sees_through_as_png_without_its_words(self):
        words = PngImagePlugin.PngInfo()
        words.add_text("Author", "Somebody")

        taken = uploads.take(picture(form="PNG", mode="RGBA", colour=(255, 0, 0, 9), pnginfo=words))

        with Image.open(BytesIO(taken.content)) as kept:
            assert (kept.format, kept.mode, kept.info) == ("PNG", "RGBA", {})
        assert taken.suffix == "png"

    def test_are_made_smaller_and_have_a_thumbnail(self):
        taken = uploads.take(picture(size=(5000, 2500)))

        sizes = [Image.open(BytesIO(part)).size for part in (taken.content, taken.thumbnail)]
        assert sizes == [(2400, 1200), (480, 240)]

    @pytest.mark.parametrize("form", ["PNG", "WEBP"])
    def test_come_in_other_forms(self, form):
        assert uploads.take(picture(form=form)).suffix == "jpg"

    def test_are_refused_before_they_are_decoded_when_they_would_fill_the_memory(self):
        bomb = picture(size=(20_000, 20_000), mode="1", form="PNG", colour=0)
        assert len(bomb) < 100_000

        with pytest.raises(uploads.NotTaken, match="up to 40 megapixels"):
            uploads.take(bomb)

    @pytest.mark.parametrize(
        ("sent", "why"),
        [
            (picture()[:400], pictures.DAMAGED),
            (b"\0\0\0\x18ftypheic" + bytes(40), pictures.HEIC),
            (b"GIF89a" + bytes(40), "Only pictures"),
            (b"<svg onload='alert(1)'/>", "Only pictures"),
            (b"", "Only pictures"),
            (bytes(uploads.LARGEST + 1), uploads.TOO_LARGE),
        ],
    )
    def test_are_refused_in_a_sentence(self, sent, why):
        with pytest.raises(uploads.NotTaken) as no:
            uploads.take(sent)

        assert str(no.value).startswith(why)


def arm(pdf: pikepdf.Pdf) -> None:
    """Put into a PDF what acts by itself or when one clicks."""
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('ALARM')")
    launch = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="ALARM.exe")
    pdf.Root.OpenAction = script
    pdf.Root.AA = pikepdf.Dictionary(WC=script)
    pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=["ALARM", script]))
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[], XFA=pdf.make_stream(b"<ALARM/>"))
    pdf.attachments["ALARM.exe"] = b"ALARM"
    page = pdf.pages[0].obj
    page.AA = pikepdf.Dictionary(O=script)
    page.Annots = [
        pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=launch
            )
        )
    ]
    pdf.docinfo["/Author"] = "ALARM"


class TestPapers:
    def test_lose_everything_that_acts(self):
        sent = paper(pages=2, change=arm, compress_streams=False)
        assert pypdf.PdfReader(BytesIO(sent)).attachments

        taken = uploads.take(sent)

        read = pypdf.PdfReader(BytesIO(taken.content))
        assert (len(read.pages), taken.pages, taken.kind) == (2, 2, "pdf")
        assert set(read.trailer["/Root"]) <= {"/Type", "/Pages"}
        assert "/Annots" not in read.pages[0]
        assert "/AA" not in read.pages[0]
        assert not read.attachments
        assert not read.metadata
        with pikepdf.open(BytesIO(taken.content)) as kept:
            assert not any(b"ALARM" in thing.unparse() for thing in kept.objects)

    def test_have_a_picture_of_the_first_page(self):
        taken = uploads.take(paper())

        with Image.open(BytesIO(taken.thumbnail)) as drawn:
            assert drawn.size == (taken.width, taken.height) == (320, 480)

    @pytest.mark.parametrize(
        ("sent", "why"),
        [
            (paper(encryption=pikepdf.Encryption(owner="a", user="b")), papers.LOCKED),
            (paper(encryption=pikepdf.Encryption(owner="a", user="")), papers.LOCKED),
            (paper(pages=papers.MOST_PAGES + 1), papers.TOO_LONG),
            (b"%PDF-1.7\n" + bytes(600), papers.DAMAGED),
            (paper()[:60], papers.DAMAGED),
        ],
    )
    def test_are_refused_in_a_sentence(self, sent, why):
        with pytest.raises(uploads.NotTaken) as no:
            uploads.take(sent)

        assert str(no.value) == why


class TestTheChild:
    def test_that_takes_too_long_is_stopped(self, monkeypatch):
        monkeypatch.setattr(uploads, "PATIENCE", 0.01)

        with pytest.raises(uploads.NotTaken, match="too complicated"):
            uploads.take(picture())

    def test_knows_none_of_our_secrets(self, monkeypatch):
        asked = []
        run = uploads.subprocess.run
        monkeypatch.setattr(
            uploads.subprocess, "run", lambda *args, **options: asked.append(options) or run(*args, **options)
        )

        uploads.take(picture())

        assert set(asked[0]["env"]) == {"PATH"}
