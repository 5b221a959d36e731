"""What the tests of the networks and of their training share."""

import numpy as np
import pytest

TABLE = "image,view,position,patient,age,sex,labels,side,boxes,device_by_eye\n"


@pytest.fixture
def batch():
    """Three studies as a network takes them: with both views, without the lateral, without the frontal."""
    rng = np.random.default_rng(2)
    pictures = rng.normal(size=(3, 2, 64, 64, 1)).astype("float32")
    mask = np.array([[True, True], [True, False], [False, True]])
    return {"pictures": pictures, "mask": mask, "tokens": np.array([[1, 4, 5], [1, 4, 4], [1, 5, 6]], "int32")}


@pytest.fixture(scope="session")
def collection(made_once):
    """A folder of the collection's form with 24 phantom studies; nothing may write into it.

    They have no vessels, ribs and vertebrae, which take most of a phantom's time: no test here looks at them.
    """
    from captioner import phantom
    from captioner.phantom import skeleton, vessels

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((vessels, "trees"), (skeleton, "ribs"), (skeleton, "vertebrae")):
            patch.setattr(module, name, lambda *_: (np.zeros((0, 3)), np.zeros(0)))
        return made_once("collection", lambda folder: phantom.write(folder, 24, 5, size=64))


@pytest.fixture(scope="session")
def labelled_pictures(tmp_path_factory):
    """A folder of NIH's form: noise with a bright square where its box is."""
    import cv2

    folder = tmp_path_factory.mktemp("nih")
    (folder / "images").mkdir()
    rng, rows = np.random.default_rng(0), [TABLE]
    for number in range(30):
        picture = rng.integers(0, 90, (64, 64), np.uint8)
        left, top = rng.integers(4, 44, 2)
        picture[top : top + 16, left : left + 16] += 150
        cv2.imwrite(str(folder / "images" / f"{number}.png"), picture)
        edges = ",".join(str(edge / 64) for edge in (left, top, left + 16, top + 16))
        rows.append(f'{number}.png,Frontal,PA,{number},50,F,nodule,,"{edges} nodule",no\n')
    (folder / "labels.csv").write_text("".join(rows))
    return folder
