// The Restate SDK expects Promise.withResolvers, which Node has since version 22. A module of its
// own, because imports run before the code of the module that makes them.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};
