"""The words that name each finding in an impression, for the labeller (`captioner.reports.findings`).

- A nodular opacity is a nodule and no airspace opacity, an interstitial opacity an interstitial change, an interstitial
  edema an edema. A calcified nodule is a nodule and a calcification, as the collection's own index has it.
- Hyperinflated lungs and "chronic lung disease" count as emphysema or COPD; sternotomy, clips and bypass grafts as
  devices; every bone of the body as bone.
"""

from captioner.reports.negation import words

_HEART = (
    "(?:heart|cardiac|cardio ?mediastinal|cardiopericardial)(?: and mediastinal)?"
    "(?: size| silhouette| shadow| contour~)*"
)
# What may come between the heart and "enlarged"; "not" and "normal" may not.
_DEGREE = (
    "(?: (?:is|are|was|remains?|appears?|to|be|being|again|of|at|the|in|size|stable|stably|very|more|minimally|slightly"
    "|mildly|moderately|severely|markedly|massively|grossly|borderline|top|slight|mild|moderate|severe|and|or|unchanged"
    "|prominent|somewhat|persistently|diffusely|probably|possibly|likely|also|now))*"
)
_SPINE = (
    "(?:spine|spinal|vertebra~|thoracic|lumbar|cervical|midthoracic|thoracolumbar|disc|disk|shoulder|joint|skeletal"
    "|bony|osseous)"
)
_FLOW = "(?:vasculature|vascularity)"

# Finding, by its name in `captioner.reports.findings.FINDINGS` -> its words.
PATTERNS = {
    "cardiomegaly": words(
        "cardiomegal~",
        "(?:enlarged|enlarging|enlargement of) (?:the )?(?:[a-z]+ )?(?:heart|cardiac|cardio ?mediastinal)"
        "(?: silhouette| shadow)?",
        "(?:cardiac|heart|cardiomediastinal silhouette) enlargement",
        "borderline heart size",
        "big heart",
        "enlarged heart size",
        "prominent (?:heart|cardiac silhouette)",
        "(?:increased|large) (?:heart|cardiac)(?: size| silhouette)?",
        _HEART + _DEGREE + " (?:enlarged|enlargement|increased|borderline|globular)(?! (?:limit~|normal))",
    ),
    "effusion": words(
        r"(?<!pericardial )(?<!joint )effusions?",
        "pleural (?:fluid|collections?)",
        "fluid in the [a-z ]*fissures?",
        "hydrothora~",
        "hemothora~",
        "hydropneumothora~",
        "hemopneumothora~",
        "empyema~",
    ),
    "pneumothorax": words(
        "pneumothora~",
        "pleural air(?: collections?)?",
        "hydropneumothora~",
        "hemopneumothora~",
    ),
    "airspace opacity": words(
        "opacit~",
        "opacifi~",
        "infiltrat~",
        "consolidat~",
        "(?:broncho)?pneumonias?",
        "pneumonitis",
        "air ?space (?:disease|process|changes?)",
        "alveolar (?:disease|process)",
        "haz(?:e|y|iness)",
        "densit(?:y|ies)",
    ),
    "atelectasis": words(
        "atelecta~",
        "(?:lobe|lobar|lung|lingular?|segmental|basilar|base|partial) collapse",
        "collapse of the (?:[a-z]+ ){0,2}(?:lobe|lung)",
        "volume loss",
        "loss of (?:lung )?volume",
    ),
    "edema or congestion": words(
        "edema",
        "congesti(?:on|ve)",
        "congested",
        "chf",
        "(?:heart|cardiac|ventricular|early|acute|overt|mild) failure",
        "cardiac decompensation",
        "(?:fluid|volume) overload",
        "vascular (?:engorgement|redistribution|fullness)",
        "cephalization",
        "(?:pulmonary )?venous hypertension",
        "kerley~",
        f"(?:engorged|prominent|increased) (?:central |pulmonary |lung )*(?:{_FLOW}|vascular markings)",
        "(?:central |pulmonary )+(?:vascular|venous|vasculature) prominence",
        f"prominence of the (?:central |pulmonary )*{_FLOW}",
    ),
    "nodule or mass": words(
        "(?:micro)?nodul(?:es?|ar|arity|arities)(?: (?:opacit|densit)(?:y|ies))?",
        "mass(?:es)?",
        "masslike",
        "metastas[ei]s",
        "metastatic disease",
        "(?:lung|pulmonary|lobe|hilar|cavitary|coin) lesions?",
        "neoplasms?",
        "(?:lung|bronchogenic) (?:cancer|carcinoma)",
        "tumors?",
    ),
    "granuloma or calcification": words("granulom~", "calcif~", "calcium", "histoplasm~"),
    "emphysema or COPD": words(
        "(?<!subcutaneous )(?<!soft tissue )emphysem~",
        "copd",
        "(?:chronic )?obstructive (?:pulmonary|lung|airway~) disease",
        "hyper ?(?:inflat|expan|aerat)~",
        "hyperlucen~",
        "over ?(?:inflat|expan|disten)~",
        "chronic lung disease",
        "air trapping",
        "bull(?:a|ae|ous)",
        "blebs?",
    ),
    "scarring or interstitial change": words(
        "scar(?:s|red|ring)?",
        "fibro(?:sis|tic|nodular)",
        "cicatri~",
        "bronchiecta~",
        "honeycomb~",
        "reticul(?:ar|ation|ations|onodular)(?: opacit(?:y|ies))?",
        "interstitial (?!(?:pulmonary )?edema)(?:[a-z]+ ){0,2}?(?:opacit(?:y|ies)|densit(?:y|ies)|infiltrat~|markings?"
        "|disease|changes?|prominence|thickening|pattern|pneumonia|pneumonitis|process|fibrosis)",
        "(?:prominent|thickened|prominence of the) (?:[a-z]+ )?interstitium",
        "interstitial(?! (?:pulmonary )?edema)",
        "(?:increased|prominent|prominence of(?: the)?|coarse|coarsened|chronic) (?:[a-z]+ )?"
        "(?:lung |bronchial |bronchovascular )?markings",
        "(?:pleural|apical|biapical|septal|peribronchial|bronchial|fissural?)(?: pleural| wall)? "
        "(?:thickening|cap|capping)",
        "pleural plaques?",
        "chronic interstitial lung (?:disease|changes?)",
        "(?:pleuro|pleural) ?parenchymal",
    ),
    "bone": words(
        "fractur~",
        "(?:sub)?luxat~",
        "dislocat(?:ed|ions?)",
        "(?:dextro|levo|kypho|rota)?scolio~",
        "kypho(?:sis|tic)",
        "spondyl~",
        "syndesmophyt~",
        "osteo~",
        "degenerat~",
        "arthri~",
        "arthro~",
        "spur(?:s|ring)?",
        "(?:wedge|compression|anterior|vertebral|rib|chest wall|clavic~|bony|posttraumatic|healed|old)(?: [a-z]+)? "
        "deformit(?:y|ies)",
        f"deformit(?:y|ies) (?:of|in|at|involving) (?:the |an? )?(?:[a-z]+ ){{0,3}}?"
        f"(?:{_SPINE}|ribs?|body|clavicle~|humer~|shoulder)",
        _SPINE + "(?: [a-z]+)? deformit(?:y|ies)",
        "wedging",
        "compression",
        "curvature",
        "sclero(?:tic|sis)",
        "lytic",
        "expansile",
        "demineraliz~",
        "pectus",
        "hyperostosis",
        "dish",
        "multiple myeloma",
        "(?:vertebral|bony|osseous|bone) (?:[a-z]+ )?(?:abnormalit(?:y|ies)|lesions?|injur(?:y|ies)|destruction"
        "|metasta~)",
        "loss of (?:vertebral |disc |disk )+(?:body )?(?:space )?height",
    ),
    "device": words(
        "catheters?",
        "picc?s?",
        "(?:central|venous|ij|iv|jugular|subclavian|picc|ng|og|support)(?: venous)? (?:lines?|tubes?)",
        "tubes?",
        "tubing",
        "lines and tubes",
        "pace ?makers?",
        "pacer",
        "(?:a?icd|defibrillator)s?",
        "(?:pacemaker |pacing |cardiac |icd )?leads?(?! to)",
        "generator",
        "port(?: ?a ?cath)?",
        "portacath",
        "port ?cath",
        "mediport",
        "stents?",
        "(?:surgical |cholecystectomy |metallic |skin )?clips?",
        "staples?",
        "sutures?",
        "sternotomy(?: wires?| sutures?)?",
        "wires?",
        "valve replacement",
        "(?:prosthetic|artificial|mechanical|mitral"
        "|aortic|replaced|pulmonic) (?:[a-z]+ )?valves?(?: replacement| prosthesis)?",
        "prosthe(?:sis|ses|tic)",
        "hardware",
        "(?<!pleural )fusion",
        "implants?",
        "tracheostomy",
        "cabg",
        "coronary (?:artery )?bypass(?: graft~)?",
        "(?:vp )?shunt",
        "foreign bod(?:y|ies)",
        "bullets?",
        "shrapnel",
        "devices?",
        "rods?",
        "arthroplasty",
        "electrodes?",
        "stimulator",
        "balloon pump",
        "embolization coils?",
        "(?:surgical|metallic) (?:material|instruments?|fixation)",
        "fixation",
    ),
    "hernia": words(
        "(?:hiatal |hiatus |diaphragmatic |bochdalek |morgagni )?herni(?:as?|ation)",
        "intrathoracic stomach",
    ),
}

# Words that a pattern above would take and that do not state its finding.
OTHERWISE = {
    "nodule or mass": words(
        "nipple shadows?",
        "body mass",
        "fibronodular",
        "reticulonodular",
        "mass effect",
        "thyroid (?:mass|nodule|tumor)",
        "(?:tumor|mass) progression",
    ),
    "airspace opacity": words(
        "(?:nodul~|mass ?like|calcified|calcific|reticul~|interstitial)(?: or| and| pulmonary| alveolar)* "
        "(?:opacit~|densit~|infiltrat~|pneumonitis|pneumonia)",
        "interstitial (?:[a-z]+ ){0,2}?(?:opacit~|densit~|infiltrat~|pneumonitis|pneumonia)",
        "bone densit~",
        "(?:soft tissue|metallic|bony|osseous) (?:opacit~|densit~)",
        "round(?:ed)? (?:area of )?(?:opacit~|densit~)",
    ),
    "atelectasis": words("vertebral (?:body )?collapse"),
    "edema or congestion": words("soft tissue edema", "engorgement appears? within"),
    "granuloma or calcification": words("non ?calcified"),
    "bone": words(
        "catheter fracture",
        "fractured? (?:catheter|lead|wire)s?",
        "atherosclero~",
        "arteriosclero~",
        "degenerat~ (?:and [a-z]+ )?(?:changes? )?(?:of|in) the (?:[a-z]+ )?aort~",
    ),
    "device": words(
        "(?:right|left|air|airway) lines?",
        "(?:fissur|septal|kerley b?|pleural|mid) lines?",
        "(?:vertebral|congenital) fusion",
    ),
}
