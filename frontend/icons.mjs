// The Lucide icons the templates use, by Lucide's own names.
export const icons = [
  "activity", "arrow-left", "book-open", "boxes", "check", "chevron-down", "chevron-right", "circle-alert", "circle-check",
  "circle-pause", "clock", "code", "copy", "database", "ellipsis", "external-link", "file-code", "history", "house",
  "inbox", "info", "key-round", "languages", "layers", "list-filter", "log-out", "mail-warning", "monitor", "moon", "play",
  "plus", "refresh-cw", "rotate-ccw", "search", "server", "shield", "sparkles", "sun", "tag", "trash-2", "triangle-alert",
  "user", "x", "zap",
];
