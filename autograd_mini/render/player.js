"use strict";
// The backward player. Graphviz drew the picture, and the story says what its elements stand for
// (player.py tells how). What the story says is set as text, never as markup.

const $ = (id) => document.getElementById(id);
const story = JSON.parse($("story").textContent);
const stage = $("stage"), svg = stage.querySelector("svg"), card = $("card"), search = $("search");
const clamp = (x, low, high) => Math.max(low, Math.min(x, high));
const toggle = (id, name, on) => $(id)?.classList.toggle(name, on);

function dress(element, attributes, text = "") {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

const make = (tag, text, attributes = {}) => dress(document.createElement(tag), attributes, text);

// ---- The walk. A step still to come leaves its mark on all that it is going to compute. ----

const walk = (phase, mark) => (step, i, { length }) =>
  ({ ...step, phase, mark, title: `${phase} ${i + 1} of ${length}` });
const steps = [
  ...story.forward.map(walk("forward", "unevaluated")),
  ...story.reverse.map(walk("reverse", "unswept")),
];
const START = { phase: "forward", title: "start", text: "Nothing is computed yet.", edges: [] };
const STEP_MS = clamp(60_000 / steps.length, 80, 1000); // a long walk takes a minute or so
let at = steps.length; // how many steps are done: the page opens on the whole picture
let timer = 0;

function go(target) {
  const to = clamp(target, 0, steps.length);
  light(false);
  for (let k = Math.min(at, to); k < Math.max(at, to); k++) {
    for (const id of [steps[k].node, ...steps[k].edges]) toggle(id, steps[k].mark, k >= to);
  }
  at = to;
  light(true);
  const { title, text, node } = steps[at - 1] ?? START;
  $("phase").textContent = title;
  $("text").textContent = text;
  dress($("slider"), { "aria-valuetext": title }).value = at;
  if (!fitted) reveal($(shown(node)));
  show(subject);
}

function light(on) {
  const { phase, node, edges } = steps[at - 1] ?? START;
  stage.dataset.phase = phase;
  for (const id of [shown(node), ...edges]) toggle(id, "lit", on);
}

function play(on) {
  clearInterval(timer);
  if (on && at === steps.length) go(0);
  timer = on ? setInterval(() => (at < steps.length ? go(at + 1) : play(false)), STEP_MS) : 0;
  dress($("play"), { "aria-label": on ? "Pause" : "Play" });
  dress($("text"), { "aria-live": on ? "off" : "polite" }); // no voice keeps up with the player
}

function seek(target) {
  play(false);
  go(target);
}

// ---- The view: the point of the picture that stands top left, and the pixels a point takes. ----

const { x: LEFT, y: TOP, width: WIDTH, height: HEIGHT } = svg.viewBox.baseVal;
const camera = document.createElementNS(svg.namespaceURI, "g"); // moves cheaper than a viewBox
let view = { x: LEFT, y: TOP, scale: 1 };
const FAR = 0.3; // below it no text can be read: to leave it out halves the time of a step
let fitted = true;
let held = null; // where the pointer last was that drags the picture

function look(x, y, scale) {
  view = { x, y, scale };
  fitted = false;
  toggle("stage", "far", scale < FAR);
  dress(camera, { transform: `scale(${scale}) translate(${-x} ${-y})` });
  show(null);
}

function fit() {
  const { clientWidth: width, clientHeight: height } = stage;
  const scale = clamp(Math.min(width / WIDTH, height / HEIGHT), 0.01, 1.8);
  look(LEFT + (WIDTH - width / scale) / 2, TOP + (HEIGHT - height / scale) / 2, scale);
  fitted = true;
}

function pan(dx, dy) {
  look(view.x - dx / view.scale, view.y - dy / view.scale, view.scale);
}

// The point under (x, y), in pixels of the stage, stays where it is.
function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const scale = clamp(view.scale * factor, 0.01, 20);
  look(view.x + x / view.scale - x / scale, view.y + y / view.scale - y / scale, scale);
}

// Brings an element to the middle unless it is seen whole.
function reveal(element) {
  if (!element) return;
  const box = element.getBoundingClientRect(), frame = stage.getBoundingClientRect();
  const across = box.left >= frame.left && box.right <= frame.right;
  if (across && box.top >= frame.top && box.bottom <= frame.bottom) return;
  pan((frame.left + frame.right - box.left - box.right) / 2,
    (frame.top + frame.bottom - box.top - box.bottom) / 2);
}

stage.addEventListener("pointerdown", (event) => (held = event));
window.addEventListener("pointerup", () => (held = null));
stage.addEventListener("pointermove", (event) => {
  if (!held) return;
  const dx = event.clientX - held.clientX, dy = event.clientY - held.clientY;
  if (!stage.hasPointerCapture(event.pointerId) && Math.hypot(dx, dy) < 4) return;
  stage.setPointerCapture(event.pointerId); // only now: a captured press is no click on a module
  held = event;
  pan(dx, dy);
});
stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { left, top } = stage.getBoundingClientRect();
  zoom(2 ** (-event.deltaY / 300), event.clientX - left, event.clientY - top);
}, { passive: false });

// ---- The card: what is known of the element under the pointer or the focus. ----

const SHOWN_USES = 6;
const uses = Object.fromEntries(Object.keys(story.nodes).map((id) => [id, []]));
for (const [id, { from }] of Object.entries(story.edges)) uses[from].push(id);
let subject = null;

const called = ({ name, operation, kind }) => name || operation || kind;
const until = (mark, id, text) =>
  ($(id)?.classList.contains(mark) ? null : text) ?? "not computed";

// What one use of a node adds to the node's adjoint.
function term(id) {
  const { to, local, contribution } = story.edges[id], result = story.nodes[to];
  const sent = until("unswept", id, contribution);
  const product = local && sent === contribution ? `${local} × ${result.adjoint} = ` : "";
  return [`from ${called(result)}`, product + sent];
}

function rows(id) {
  const node = story.nodes[id], edge = story.edges[id], module = story.clusters[id];
  if (module) return [["module", module.name], ["nodes", module.nodes.length]];
  if (edge) {
    const [from, to] = [edge.from, edge.to].map((end) => called(story.nodes[end]));
    return [["from", from], ["to", to],
      ["local derivative", edge.local && until("unevaluated", id, edge.local)],
      ["contribution", until("unswept", id, edge.contribution)]];
  }
  const known = [["name", node.name], ["operation", node.operation || node.kind],
    ["formula", node.formula], ["value", until("unevaluated", id, node.value)],
    ["shape", node.shape], ["module", node.scope]];
  if (node.kind === "constant" || node.kind === "random") return known; // not differentiated
  const more = uses[id].length - SHOWN_USES;
  return [...known, ["adjoint", until("unswept", id, node.adjoint)],
    ...uses[id].slice(0, SHOWN_USES).map(term), ["", more > 0 && `and from ${more} more`]];
}

function show(element) {
  subject = element;
  card.hidden = !element;
  if (!element) return;
  const told = rows(element.id).filter(([, text]) => text);
  const pairs = told.flatMap(([name, text]) => [make("dt", name), make("dd", text)]);
  $("facts").replaceChildren(...pairs);
  const box = element.getBoundingClientRect(), frame = stage.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = card, below = box.bottom + 6;
  const y = below + height <= frame.bottom ? below : box.top - 6 - height;
  card.style.left = `${clamp(box.left - frame.left, 0, Math.max(0, frame.width - width))}px`;
  card.style.top = `${clamp(y - frame.top, 0, Math.max(0, frame.height - height))}px`;
}

function subjectOf(target) {
  const element = target.closest(".node, .edge, .cluster"), id = element?.id;
  return id in story.nodes || id in story.edges || id in story.clusters ? element : null;
}

stage.addEventListener("pointerover", ({ target }) =>
  show(subjectOf(target) ?? subjectOf(document.activeElement)));
stage.addEventListener("pointerleave", () => show(subjectOf(document.activeElement)));
stage.addEventListener("focusout", () => show(null));
stage.addEventListener("focusin", ({ target }) => {
  if (target.matches(":focus-visible")) reveal(target); // who clicks on it sees it already
  show(subjectOf(target));
});

// ---- Modules: each folds into one box that stands for all that is inside. ----

const folded = new Set();
const covers = new Map(); // node: the folded module that stands for it
const homes = new Map(); // module: the place where it stands while it is open
const shown = (id) => covers.get(id) ?? id;

// The outermost folded module that is this one or lies around it.
function cover(id) {
  return id && (cover(story.clusters[id].parent) ?? (folded.has(id) ? id : null));
}

function fold(id) {
  light(false);
  const module = $(id), focused = document.activeElement === module, closed = !folded.delete(id);
  if (closed) folded.add(id);
  dress(module, { "aria-expanded": !closed }).classList.toggle("folded", closed);
  if (closed) module.parentNode.append(module); // on top, over the arrows that run into it
  else homes.get(id).after(module);
  if (focused) module.focus();
  covers.clear();
  for (const [c, { nodes, parent }] of Object.entries(story.clusters)) {
    if (folded.has(c)) for (const node of nodes) covers.set(node, cover(c));
    toggle(c, "hidden", Boolean(cover(parent)));
  }
  for (const node in story.nodes) toggle(node, "hidden", covers.has(node));
  for (const [edge, { from, to }] of Object.entries(story.edges)) {
    toggle(edge, "hidden", covers.has(from) && covers.get(from) === covers.get(to));
  }
  light(true);
  show(null);
}

// ---- The search: it lights what it finds; Enter goes to the first, Enter again to the next. ----

let finds = []; // ids of nodes, best first
let visited = 0;

function find() {
  for (const id of finds) toggle(id, "found", false);
  const wanted = search.value.trim().toLowerCase();
  const place = (id) => story.nodes[id].name.toLowerCase().indexOf(wanted);
  const size = (id) => story.nodes[id].name.length;
  finds = wanted ? Object.keys(story.nodes).filter((id) => place(id) >= 0) : [];
  finds.sort((a, b) => place(a) - place(b) || size(a) - size(b));
  for (const id of finds) toggle(id, "found", true);
  visited = 0;
  $("finds").textContent = wanted && `${finds.length} found`;
}

function visit() {
  if (!finds.length) return;
  const id = finds[visited++ % finds.length];
  for (let c = covers.get(id); c; c = covers.get(id)) fold(c);
  if (view.scale < 1) zoom(1 / view.scale);
  $("finds").textContent = `${finds.indexOf(id) + 1} of ${finds.length}`;
  $(id).focus();
}

search.addEventListener("input", find);
search.addEventListener("keydown", (event) => {
  event.stopPropagation(); // letters, not commands
  if (event.key === "Enter") visit();
  if (event.key === "Escape") search.blur();
});

// ---- Buttons and keys. ----

const PAN = 60;
const commands = {
  first: () => seek(0), previous: () => seek(at - 1), play: () => play(!timer),
  next: () => seek(at + 1), last: () => seek(steps.length),
  in: () => zoom(1.25), out: () => zoom(0.8), fit,
};
const keys = {
  Home: commands.first, ArrowLeft: commands.previous, " ": commands.play,
  ArrowRight: commands.next, End: commands.last,
  "+": commands.in, "=": commands.in, "-": commands.out, 0: fit,
  "Shift ArrowLeft": () => pan(PAN, 0), "Shift ArrowRight": () => pan(-PAN, 0),
  "Shift ArrowUp": () => pan(0, PAN), "Shift ArrowDown": () => pan(0, -PAN),
  "/": () => (search.focus(), search.select()),
  "?": () => $("help").toggleAttribute("open"),
  Escape: () => ($("help").removeAttribute("open"), show(null)),
};
for (const [id, command] of Object.entries(commands)) $(id).addEventListener("click", command);
$("slider").addEventListener("input", ({ target }) => seek(Number(target.value)));
stage.addEventListener("click", ({ target }) => {
  const module = target.closest(".cluster");
  if (module) fold(module.id);
});
document.addEventListener("keydown", (event) => {
  const { key, target } = event, press = key === " " || key === "Enter";
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (press && target.closest("button, summary")) return; // they know what to do
  const module = press && target.closest(".cluster");
  const panning = event.shiftKey && key.startsWith("Arrow");
  const act = module ? () => fold(module.id) : keys[panning ? `Shift ${key}` : key];
  if (!act) return;
  event.preventDefault();
  act();
});

// ---- Graphviz's picture is made ready. ----

// Graphviz gives the lines of a label no ids: the one that shows a number is known by its end.
function tag(element, name, number, other) {
  const ends = ({ textContent: line, classList }) =>
    line.endsWith(number) && line !== other && !classList.length;
  if (number) [...element.querySelectorAll("text")].findLast(ends)?.classList.add(name);
}

for (const title of svg.querySelectorAll("title")) title.remove(); // tooltips that show ids ...
for (const link of svg.querySelectorAll("a")) link.replaceWith(...link.childNodes); // ... or labels
for (const [id, { name, operation, kind, value, adjoint }] of Object.entries(story.nodes)) {
  const label = [name, operation || kind].filter(Boolean).join(", ");
  const role = { tabindex: 0, role: "img", "aria-label": label, "aria-describedby": "card" };
  dress($(id), role);
  tag($(id), "adjoint", adjoint);
  tag($(id), "value", value);
  if (name) $("names").append(make("option", "", { value: name }));
}
for (const [id, { local, contribution }] of Object.entries(story.edges)) {
  const edge = dress($(id), { "aria-hidden": true }); // the card of its operand tells it all
  tag(edge, "adjoint", contribution, local);
  edge.prepend(dress(edge.querySelector("path").cloneNode(), { class: "reach" }));
}
for (const [id, { name, nodes }] of Object.entries(story.clusters)) {
  const sign = [name, `${nodes.length} nodes`];
  const role = { tabindex: 0, role: "button", "aria-expanded": true };
  const element = dress($(id), { ...role, "aria-label": sign.join(", ") });
  const { x, y, width, height } = element.getBBox();
  const size = clamp(Math.min(height / 4, (1.6 * width) / sign.join("").length), 8, 40);
  sign.forEach((line, i) => {
    const place = { x: x + width / 2, y: y + height / 2 + i * 1.2 * size, "font-size": size };
    const text = document.createElementNS(svg.namespaceURI, "text");
    element.append(dress(text, { class: "sign", ...place }, line));
  });
  homes.set(id, document.createComment(""));
  element.before(homes.get(id));
}
camera.append(...svg.childNodes);
dress(svg, { role: "group", "aria-label": "Graph" }).removeAttribute("viewBox");
svg.append(camera);
$("slider").max = steps.length;
new ResizeObserver(() => (fitted ? fit() : look(view.x, view.y, view.scale))).observe(stage);
fit();
go(at);
