// An answer of the service as a person reads it. All of it is set as text, never as markup.

const byId = (id) => document.getElementById(id);

function element(name, words = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = words;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Fill the section and move the focus to its heading. */
export function showAnswer(answer, request, text) {
  byId("decision").textContent = text(answer.decision);
  byId("decision").dataset.is = answer.decision;
  byId("meaning").textContent = text(`means_${answer.decision}`);
  showReasons(answer.reasons);
  byId("facts").replaceChildren(...facts(answer, text).map(fact));
  showQuality(answer.frames, text);
  byId("receipt").value = answer.receipt?.jws ?? "";
  byId("receipt-block").hidden = !answer.receipt;
  offerFile(byId("save"), answer);
  byId("curl").textContent = curlOf(request, answer.frames.length);
  byId("answer").hidden = false;
  byId("answer-heading").focus();
}

/** Let a link save the whole answer; the one before is let go. */
function offerFile(link, answer) {
  if (link.href) URL.revokeObjectURL(link.href);
  const type = "application/json";
  link.href = URL.createObjectURL(new Blob([JSON.stringify(answer)], { type }));
}

function showReasons(reasons) {
  const items = reasons.map((reason) => {
    const item = element("li", `${reason.advice} `);
    item.append(element("code", `${reason.about}: ${reason.code}`));
    return item;
  });
  byId("reasons").replaceChildren(...items);
  byId("reasons-block").hidden = !items.length;
}

function facts(answer, text) {
  const pad = answer.presentation_attack_detection;
  const live = { true: "live", false: "not_live", null: "not_assessed" }[String(pad.is_live)];
  const score = answer.score_detail;
  return [
    [text("liveness"), text(live)],
    [text("level"), answer.assurance_level],
    [text("target_fmr"), String(answer.operating_point.target_fmr)],
    ...(score ? [[text("score"), `${score.score} / ${score.threshold ?? "–"}`]] : []),
    [text("certificate"), answer.operating_point.certificate_id],
    [text("transaction"), answer.transaction_id],
    [text("decided_at"), answer.decided_at],
  ];
}

function fact([name, value]) {
  const row = element("div");
  row.append(element("dt", name), element("dd", value));
  return row;
}

function showQuality(frames, text) {
  const tables = frames.map((frame, row) => qualityTable(frame, row, text)).filter(Boolean);
  byId("quality").replaceChildren(...tables);
  byId("quality-block").hidden = !tables.length;
}

function qualityTable(frame, row, text) {
  const assessed = Object.entries(frame.quality).filter(([, each]) => each.scalar !== null);
  if (!assessed.length) return null;
  const table = element("table", "", { class: "bars" });
  const chosen = frame.chosen ? ` (${text("chosen")})` : "";
  const head = element("thead");
  const headings = element("tr");
  headings.append(
    element("th", text("component"), { scope: "col" }),
    element("th", text("value"), { scope: "col" }),
  );
  head.append(headings);
  const body = element("tbody");
  body.append(...assessed.map(([name, each]) => qualityRow(name, each, text)));
  table.append(element("caption", text("frame", { number: row + 1 }) + chosen), head, body);
  return table;
}

function qualityRow(name, { scalar, refused }, text) {
  const row = element("tr");
  const shown = element("div");
  shown.append(element("span", refused ? `${scalar} – ${text("refused")}` : String(scalar)));
  // The number beside it says the same to those who cannot see the bar.
  shown.append(element("meter", "", { min: 0, max: 100, value: scalar, "aria-hidden": "true" }));
  const cell = element("td");
  cell.append(shown);
  row.append(element("th", name.replaceAll("_", " "), { scope: "row" }), cell);
  return row;
}

/** The request as a shell line, without what is secret or personal. */
function curlOf(request, frames) {
  const shown = { ...request, subject: { ...request.subject, number: "NUMBER" } };
  if (!shown.liveness_session) delete shown.liveness_session;
  else shown.liveness_session = { id: "ID", nonce: "NONCE" };
  const json = JSON.stringify(shown).replaceAll("'", String.raw`'\''`);
  const lines = [
    `curl -s ${location.origin}/v1/face-verifications`,
    '-H "Authorization: Bearer $FVS_KEY"',
    `-F 'request=${json};type=application/json'`,
    ...Array.from({ length: frames }, (_, row) => `-F frame=@frame-${row + 1}.jpg`),
  ];
  return lines.join(" \\\n  ");
}
