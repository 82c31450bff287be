"""Texts in, below and instead of drawings."""

from fvs.report.texts.text import Text

__all__ = ["DRAWINGS"]

DRAWINGS: dict[str, Text] = {
    "det": Text("measured", "ค่าที่วัดได้"),
    "band_95": Text("95 % band", "แถบความเชื่อมั่น 95 %"),
    "at_threshold": Text("at threshold {threshold}", "ที่เกณฑ์ {threshold}"),
    "fmr_axis": Text("FMR: different people accepted", "FMR: คนละคนที่ถูกยอมรับ"),
    "fnmr_axis": Text("FNMR: genuine pairs refused", "FNMR: เจ้าของตัวจริงที่ถูกปฏิเสธ"),
    "det_alt": Text(
        "Curve of FNMR over FMR for all thresholds; at threshold {threshold} FMR is {fmr} and "
        "FNMR {fnmr}.",
        "เส้นโค้ง FNMR เทียบกับ FMR ทุกเกณฑ์คะแนน ที่เกณฑ์ {threshold} ค่า FMR คือ {fmr} และ FNMR คือ {fnmr}",
    ),
    "det_caption": Text(
        "Detection error trade-off on probit axes, {non_mated} non-mated and {mated} mated "
        "pairs. The band joins the 95 % bounds of both rates at each threshold",
        "เส้น DET บนแกนโพรบิต คู่ของคนละคน {non_mated} คู่ และคู่ของคนเดียวกัน {mated} คู่ แถบสีคือขอบเขต 95 "
        "% ของทั้งสองค่าที่แต่ละเกณฑ์",
    ),
    "non_mated_pairs": Text("different people", "คนละคน"),
    "mated_pairs": Text("same person", "คนเดียวกัน"),
    "score_axis": Text("score (cosine similarity)", "คะแนนความเหมือน (โคไซน์)"),
    "share_axis": Text("share of the pairs", "สัดส่วนของคู่"),
    "threshold_is": Text("threshold {threshold}", "เกณฑ์ {threshold}"),
    "histogram_alt": Text(
        "Histograms of the scores of {non_mated} non-mated and {mated} mated pairs, with the "
        "threshold {threshold} between them.",
        "ฮิสโทแกรมคะแนนของคู่คนละคน {non_mated} คู่ และคู่คนเดียวกัน {mated} คู่ พร้อมเกณฑ์คะแนน {threshold}",
    ),
    "histogram_caption": Text(
        "Scores of pairs of different people and of the same person; each adds up to 100 %",
        "การกระจายของคะแนนของคู่คนละคนและคู่คนเดียวกัน แต่ละกลุ่มรวมกันได้ 100 %",
    ),
    "threshold_axis": Text("threshold", "เกณฑ์คะแนน"),
    "rate_axis": Text("error rate", "อัตราความผิดพลาด"),
    "rates_alt": Text(
        "FMR falls and FNMR rises with the threshold; at {threshold} they are {fmr} and {fnmr}.",
        "เมื่อเกณฑ์คะแนนสูงขึ้น FMR ลดลงและ FNMR เพิ่มขึ้น ที่ {threshold} มีค่า {fmr} และ {fnmr}",
    ),
    "rates_caption": Text(
        "Both error rates over the threshold, with 95 % intervals, on a logarithmic scale",
        "อัตราความผิดพลาดทั้งสองที่แต่ละเกณฑ์คะแนน พร้อมช่วงความเชื่อมั่น 95 % บนสเกลลอการิทึม",
    ),
    "group_fmr_axis": Text(
        "FMR within the group, with its 95 % interval",
        "FMR ภายในกลุ่ม พร้อมช่วงความเชื่อมั่น 95 %",
    ),
    "target_is": Text("target FMR {target}", "เป้าหมาย FMR {target}"),
    "groups_alt": Text(
        "FMR of {n} groups with intervals; the highest is that of {worst}, {rate}.",
        "FMR ของ {n} กลุ่มพร้อมช่วงความเชื่อมั่น กลุ่มที่สูงที่สุดคือ {worst} มีค่า {rate}",
    ),
    "groups_caption": Text(
        "False match rate of each group on a logarithmic scale; bars without a point are of "
        "groups in which no false match was seen",
        "FMR ของแต่ละกลุ่มบนสเกลลอการิทึม เส้นที่ไม่มีจุดคือกลุ่มที่ไม่พบการยอมรับผิดคน",
    ),
    "discarded_axis": Text(
        "share of pairs discarded, lowest quality first",
        "สัดส่วนคู่ภาพที่ตัดออก จากคุณภาพต่ำสุดก่อน",
    ),
    "edc_chance": Text("discarding at random", "ตัดออกแบบสุ่ม"),
    "edc_quality": Text("discarding by quality", "ตัดออกตามคุณภาพ"),
    "edc_oracle": Text("discarding the errors", "ตัดเฉพาะคู่ที่ผิด"),
    "edc_alt": Text(
        "FNMR falls from {start} as pairs of low quality are discarded: {shares}.",
        "FNMR ลดจาก {start} เมื่อตัดคู่ภาพคุณภาพต่ำออก: {shares}",
    ),
    "edc_caption": Text(
        "Error versus discard (ISO/IEC 29794-1) of {pairs} mated pairs at the threshold",
        "ความผิดพลาดเทียบกับสัดส่วนที่ตัดออก (ISO/IEC 29794-1) ของคู่คนเดียวกัน {pairs} คู่ ที่เกณฑ์คะแนนนี้",
    ),
    "perfect": Text("perfect", "สมบูรณ์"),
    "counted_ratio": Text("counted", "ค่าที่นับได้"),
    "stated_axis": Text("stated log10 likelihood ratio", "log10 ของอัตราส่วนที่ระบบระบุ"),
    "counted_axis": Text("counted log10 likelihood ratio", "log10 ของอัตราส่วนที่นับได้"),
    "reliability_alt": Text(
        "Likelihood ratios stated against those counted; a perfect map lies on the diagonal. "
        "The loss by calibration is {loss} bits.",
        "อัตราส่วนความน่าจะเป็นที่ระบบระบุเทียบกับที่นับได้ ถ้าสมบูรณ์จะอยู่บนเส้นทแยง ส่วนที่เสียไปคือ {loss} บิต",
    ),
    "reliability_caption": Text(
        "Reliability: the ratios stated, and those that isotonic regression counts on the same "
        "people",
        "ความเชื่อถือได้ของอัตราส่วนที่ระบุ เทียบกับค่าที่นับด้วยการถดถอยแบบไอโซโทนิก",
    ),
    "ece_neutral": Text("knowing nothing", "ไม่ทราบอะไรเลย"),
    "ece_measured": Text("measured", "ค่าที่วัดได้"),
    "ece_calibrated": Text("best that the order allows", "ดีที่สุดที่ลำดับคะแนนทำได้"),
    "prior_axis": Text(
        "log10 odds of a genuine person before the comparison",
        "log10 ของแต้มต่อที่เป็นเจ้าของตัวจริงก่อนเปรียบเทียบ",
    ),
    "bits_axis": Text("cross-entropy in bits", "ครอสเอนโทรปี (บิต)"),
    "entropy_alt": Text(
        "Cross-entropy over prior odds; at even odds it is {cllr} bits, of which {loss} are "
        "lost by calibration.",
        "ครอสเอนโทรปีที่แต้มต่อก่อนเปรียบเทียบต่าง ๆ ที่แต้มต่อเท่ากันมีค่า {cllr} บิต โดยเสียไปจากการเทียบมาตรา "
        "{loss} บิต",
    ),
    "entropy_caption": Text(
        "Empirical cross-entropy (ECE) over the odds of a genuine person",
        "ครอสเอนโทรปีเชิงประจักษ์ (ECE) ที่แต้มต่อต่าง ๆ",
    ),
    "apcer_axis": Text("APCER, with its 95 % interval", "APCER พร้อมช่วงความเชื่อมั่น 95 %"),
    "species_known": Text("trained on", "ใช้ฝึกแบบจำลอง"),
    "species_held_out": Text("never seen in training", "ไม่เคยใช้ฝึก"),
    "limit_is": Text("limit {limit}", "เกณฑ์ {limit}"),
    "apcer_alt": Text(
        "APCER of {n} species with intervals; the highest is that of {worst}, {rate}.",
        "APCER ของการโจมตี {n} รูปแบบพร้อมช่วงความเชื่อมั่น รูปแบบที่สูงที่สุดคือ {worst} มีค่า {rate}",
    ),
    "apcer_caption": Text(
        "Attacks called live, by species, on a logarithmic scale; bars without a point are of "
        "species of which none was",
        "สัดส่วนการโจมตีที่ถูกมองว่าเป็นคนจริง บนสเกลลอการิทึม เส้นที่ไม่มีจุดคือรูปแบบที่ตรวจจับได้ทั้งหมด",
    ),
    "worst_mated_alt": Text(
        "Mated pair {number} of those with the lowest scores; score {score}.",
        "คู่ของคนเดียวกันลำดับที่ {number} จากคะแนนต่ำสุด คะแนน {score}",
    ),
    "best_non_mated_alt": Text(
        "Non-mated pair {number} of those with the highest scores; score {score}.",
        "คู่ของคนละคนลำดับที่ {number} จากคะแนนสูงสุด คะแนน {score}",
    ),
}
