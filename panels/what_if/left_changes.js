// Changes that another part of the page, such as a step of the lesson, leaves for the What if panel to make as soon as the
// example that they are for is on the page: { example, changes }.

let left = null;

export function leaveChanges(changes) {
  left = changes;
}

// The changes left for that example, once; null for none.
export function takeChanges(example) {
  if (!left || left.example !== example) return null;
  const { changes } = left;
  left = null;
  return changes;
}
