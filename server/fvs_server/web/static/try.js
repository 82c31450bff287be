// The try-out page: camera or files -> POST /v1/face-verifications -> what a person reads of the answer.
// The API key stays in its input field: nothing is stored, and no address holds it.

import { measurePicture, judgeLight, judgeSharpness } from "./hints.js";
import { checkDigitState } from "./numbers.js";
import { showAnswer } from "./answer.js";

const HINT_EVERY_MS = 500;
const FACE_EVERY_MS = 2000;
const STEP_MS = 2500;
const JPEG_QUALITY = 0.92;
const MOST_FILES = 5;

const byId = (id) => document.getElementById(id);
const language = document.documentElement.lang;
const texts = Object.fromEntries(
  [...byId("texts").content.querySelectorAll("[data-name]")].map((p) => [p.dataset.name, p.textContent]),
);
const text = (name, values = {}) =>
  texts[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const video = byId("camera");
let hintTimers = [];

// --- Number -------------------------------------------------------------------------------------

function showNumberState() {
  const state = byId("number-state");
  const { name, is, count } =
    byId("kind").value === "citizen_id" ? checkDigitState(byId("number").value) : { name: "" };
  state.textContent = name ? text(name, { count }) : "";
  state.dataset.is = is ?? "";
  byId("number").setAttribute("aria-invalid", String(is === "wrong"));
}

// --- Camera and hints ---------------------------------------------------------------------------

const cameraRuns = () => video.srcObject !== null;

async function startCamera() {
  try {
    const wanted = { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 960 } };
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    await video.play();
  } catch (error) {
    stopCamera();
    fail(text("camera_refused", { reason: error.name }));
    return;
  }
  hintTimers = [setInterval(hintOfPixels, HINT_EVERY_MS), setInterval(hintOfFace, FACE_EVERY_MS)];
  showCamera(true);
}

function stopCamera() {
  hintTimers.forEach(clearInterval);
  hintTimers = [];
  video.srcObject?.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
  showCamera(false);
}

function showCamera(runs) {
  const button = byId("toggle-camera");
  video.hidden = !runs;
  byId("hints").hidden = !runs;
  button.setAttribute("aria-pressed", String(runs));
  button.textContent = text(runs ? "stop_camera" : "start_camera");
}

function drawn(width) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = Math.round((width * video.videoHeight) / video.videoWidth);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  return { canvas, context };
}

function capture() {
  const { canvas } = drawn(video.videoWidth);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
}

function hint(id, name, is) {
  setHint(id, text(name), is);
}

function setHint(id, words, is) {
  const place = byId(id);
  if (place.textContent !== words) place.textContent = words;
  place.dataset.is = is;
}

function hintOfPixels() {
  if (!video.videoWidth) return;
  const { canvas, context } = drawn(160);
  const measured = measurePicture(context.getImageData(0, 0, canvas.width, canvas.height));
  const light = judgeLight(measured);
  const sharpness = judgeSharpness(measured);
  hint("hint-light", light, light === "hint_good" ? "right" : "wrong");
  hint("hint-sharpness", sharpness, sharpness === "hint_good" ? "right" : "wrong");
}

let faceIsAsked = false;

async function hintOfFace() {
  if (faceIsAsked || byId("send").disabled || !video.videoWidth) return;
  if (!byId("key").value) {
    hint("hint-face", "hint_needs_key", "");
    return;
  }
  faceIsAsked = true;
  try {
    const body = formOf({}, [await capture()]);
    const answer = await call("/v1/face-quality", body);
    if (!cameraRuns()) return;
    const found = await answer.json();
    if (!answer.ok) setHint("hint-face", found.title, "wrong");
    else if (found.reasons.length) setHint("hint-face", found.reasons[0].advice, "wrong");
    else hint("hint-face", "hint_good", "right");
  } catch {
    hint("hint-face", "hint_waiting", "");
  } finally {
    faceIsAsked = false;
  }
}

// --- Request ------------------------------------------------------------------------------------

function call(path, body, headers = {}) {
  const authorization = { Authorization: `Bearer ${byId("key").value.trim()}` };
  return fetch(path, {
    method: "POST",
    body,
    headers: { ...authorization, "Accept-Language": language, ...headers },
    credentials: "omit",
    cache: "no-store",
  });
}

function formOf(request, frames) {
  const body = new FormData();
  body.append("request", new Blob([JSON.stringify(request)], { type: "application/json" }));
  frames.forEach((frame, row) => body.append("frame", frame, `frame-${row + 1}.jpg`));
  return body;
}

const needsSession = () => "session" in byId("level").selectedOptions[0].dataset;
const subject = () => ({ kind: byId("kind").value, number: byId("number").value.trim() });

class RefusedError extends Error {
  constructor(problem) {
    const violations = problem.violations.map((v) => `${v.pointer}: ${v.detail}`);
    const detail = problem.detail === problem.advice ? [] : [problem.detail];
    const request = `${text("request_id")}: ${problem.request_id}`;
    super([`${problem.title} ${problem.advice}`, ...detail, ...violations, request].join("\n"));
  }
}

async function answered(response) {
  const document = await response.json();
  if (!response.ok) throw new RefusedError(document);
  return document;
}

async function framesAndSession() {
  if (needsSession()) {
    if (!cameraRuns()) throw new Error(text("need_camera"));
    return sessionFrames();
  }
  if (cameraRuns()) {
    say(text("capturing"));
    return { frames: [await capture()], session: null };
  }
  const files = [...byId("files").files];
  if (!files.length) throw new Error(text("need_picture"));
  if (files.length > MOST_FILES) throw new Error(text("most_files"));
  return { frames: files, session: null };
}

async function sessionFrames() {
  const body = JSON.stringify({ subject: subject() });
  const json = { "Content-Type": "application/json" };
  const session = await answered(await call("/v1/liveness-sessions", body, json));
  const frames = [];
  for (const step of session.challenge.steps) {
    say(text(step));
    await pause(STEP_MS);
    frames.push(await capture());
  }
  return { frames, session: { id: session.id, nonce: session.nonce } };
}

function requestOf(session) {
  return {
    subject: subject(),
    purpose: byId("purpose").value.trim(),
    consent_reference: byId("consent-reference").value.trim(),
    assurance_level: byId("level").value,
    liveness_session: session,
  };
}

async function verify() {
  const { frames, session } = await framesAndSession();
  const request = requestOf(session);
  say(text("working"));
  const body = formOf(request, frames);
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  showAnswer(await answered(await call("/v1/face-verifications", body, headers)), request, text);
}

function say(words) {
  byId("progress").textContent = words;
}

function fail(words) {
  byId("error").textContent = words;
  byId("error").hidden = false;
  byId("error").scrollIntoView({ block: "nearest" }); // on a phone it is below what is seen
}

async function submit(event) {
  event.preventDefault();
  byId("error").hidden = true;
  byId("answer").hidden = true;
  if (!byId("request").reportValidity()) return;
  byId("send").disabled = true;
  try {
    await verify();
  } catch (error) {
    // fetch() rejects with a TypeError where nothing answers.
    fail(error instanceof TypeError ? text("no_answer") : error.message);
  } finally {
    say("");
    byId("send").disabled = false;
  }
}

byId("request").addEventListener("submit", submit);
byId("number").addEventListener("input", showNumberState);
byId("kind").addEventListener("change", showNumberState);
byId("toggle-camera").addEventListener("click", () => (cameraRuns() ? stopCamera() : startCamera()));
