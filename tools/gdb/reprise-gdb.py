"""gdb commands for programs that run Reprise workflows: `help reprise` lists them.

Every program that links Reprise carries this file in its section .debug_gdb_scripts, and gdb (12 or
newer) loads it from there once it may: `add-auto-load-safe-path DIRECTORY-OF-THE-PROGRAM` in
~/.gdbinit. Or: `source .../reprise-gdb.py`.

It reads members of the library's classes by their names in the debug information, never a local
variable of the library's, so that optimized builds are as good as others. Nothing here calls a
function of the program: core files are as good as processes.
"""
import os
import re

import gdb
import gdb.unwinder

NO_SYMBOLS = (
    "this program has no debug information of the Reprise library: it was stripped, built without "
    "-g, or does not use Reprise. For a core file, give gdb the program that dumped it, unstripped"
)


# ---- the library's data ----------------------------------------------------------------------


def type_of(name):
    try:
        return gdb.lookup_type("reprise::" + name)
    except gdb.error:
        raise gdb.GdbError(NO_SYMBOLS) from None


def variable(name):
    try:
        value = gdb.parse_and_eval("'reprise::%s'" % name)
        value.type.strip_typedefs().sizeof  # an address without a type has none
        if value.type.code not in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_STRUCT):
            raise gdb.GdbError(NO_SYMBOLS)
        return value
    except gdb.error:
        raise gdb.GdbError(NO_SYMBOLS) from None


def read(function):
    """What function() reads, or a plain message when the process is not there to be read."""
    try:
        return function()
    except gdb.MemoryError as error:
        raise gdb.GdbError("the process's memory cannot be read: %s" % error) from None


def owned(pointer, target):
    """What a std::unique_ptr owns, as a pointer to `target`."""

    def find(value):
        for field in value.type.strip_typedefs().fields():
            if field.name == "_M_head_impl":
                return value[field]
            if field.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
                found = find(value[field])
                if found is not None and found.type.code == gdb.TYPE_CODE_PTR:
                    return found
        return None

    return find(pointer).cast(type_of(target).pointer())


def text_of(string):
    length = int(string["_M_string_length"])
    raw = gdb.selected_inferior().read_memory(int(string["_M_dataplus"]["_M_p"]), length)
    text = bytes(raw).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)


def small_vector(vector):
    holder = vector["m_holder"]
    return [holder["m_start"][i] for i in range(int(holder["m_size"]))]


class Strand:
    """One strand of a run."""

    def __init__(self, number, record):
        self.number = number
        self.record = record
        state = record["strand"]["state_"]
        self.state = state.cast(type_of("replay::Strand::State").pointer())
        self.done = int(state) == 0
        self.started = not self.done and bool(self.state["started"])
        self.running = not self.done and bool(self.state["is_running"])

    def wait(self):
        if self.done:
            return "has ended"
        if self.running:
            return "runs now"
        if not self.started:
            return "has not started"
        waits = []
        for operation in small_vector(self.record["waits_for"]):
            kind = str(operation["life_"]["kind_"]).rsplit("::k", 1)[-1].lower()
            asked = str(operation["life_"]["state_"]).endswith("::kCancelAsked")
            waits.append(kind + " " + text_of(operation["label"])
                         + (" (cancel requested)" if asked else ""))
        if self.record["on_condition"]:
            waits.append("a condition")
        return "waits for " + " or ".join(waits) if waits else "is ready to run"

    def thread(self):
        """The thread whose stack is this strand's now."""
        stack = self.state["stack"]
        low = int(stack["bottom"])
        high = low + int(stack["size"])
        was = gdb.selected_thread()
        try:
            for thread in gdb.selected_inferior().threads():
                thread.switch()
                if low <= int(gdb.newest_frame().read_register("sp")) < high:
                    return thread
        finally:
            was.switch()
        return None


class Run:
    """One resident run: a replay::Execution."""

    def __init__(self, number, execution, replay):
        self.number = number
        self.core = owned(execution["state_"], "replay::Execution::State")["core"]
        info = self.core["info"]
        self.workflow_id = text_of(info["workflow_id"])
        self.workflow = text_of(info["workflow"])
        self.attempt = int(info["attempt"])
        digits = "".join("%02x" % int(info["run_id"]["bytes_"]["_M_elems"][i]) for i in range(16))
        self.run_id = "-".join(re.match("(.{8})(.{4})(.{4})(.{4})(.{12})", digits).groups())
        self.replay = replay

    def status(self):
        if int(owned(self.core["parking"]["trouble_"], "replay::Trouble")) != 0:
            return "parked"
        if str(self.core["life"]["state_"]).rsplit("::k", 1)[-1] not in ("Created", "UnderWay"):
            return "closed"
        return "running" if int(self.core["scheduler"]["current_"]) != 0 else "waiting"

    def strands(self):
        records = small_vector(self.core["scheduler"]["strands_"])
        pointers = [owned(record, "replay::StrandRecord") for record in records]
        return [Strand(i + 1, pointer) for i, pointer in enumerate(pointers)]


def executions():
    """Every replay::Execution of the process, with whether it is a replay's."""
    root = variable("runtime::debug_roots")
    while int(root) != 0:
        if int(root["host_"]) != 0:
            resident = root["host_"].cast(type_of("runtime::Host").pointer())["latest_"]
            while int(resident) != 0:
                resident = resident.cast(type_of("runtime::Host::Resident").pointer())
                yield resident["code"]["execution"], False
                resident = resident["next"]
        else:
            replay = root["replay_"].cast(type_of("runtime::HistoryReplay").pointer())
            yield replay["execution_"], True
        root = root["next_"]


def all_runs():
    if gdb.selected_inferior().pid == 0:
        raise gdb.GdbError("there is no process: run the program, attach to it, or open a core file")
    runs = []
    for holder, replay in executions():
        execution = owned(holder, "replay::Execution")
        if int(execution) != 0:
            runs.append(Run(len(runs) + 1, execution, replay))
    return runs


def find_run(name):
    runs = read(all_runs)
    if not name:
        if len(runs) == 1:
            return runs[0]
        raise gdb.GdbError("which run? %d are resident: see `reprise runs`" % len(runs))
    found = [r for r in runs if name in (r.workflow_id, r.run_id, "#%d" % r.number)]
    found = found or [r for r in runs if r.run_id.startswith(name)]
    if len(found) != 1:
        raise gdb.GdbError(
            "%s resident run is called '%s' (a workflow id, a run id or #N): see `reprise runs`"
            % ("more than one" if found else "no", name)
        )
    return found[0]


# ---- stacks ----------------------------------------------------------------------------------


class StrandUnwinder(gdb.unwinder.Unwinder):
    """Makes a suspended strand the caller of the selected thread's newest frame."""

    class FrameId:
        def __init__(self, sp, pc):
            self.sp = sp
            self.pc = pc

    def __init__(self):
        super().__init__("reprise-strand")
        self.context = None
        self.base = None

    def __call__(self, pending):
        if self.context is None or int(pending.read_register("rsp")) != self.base:
            return None
        # What boost.context's jump_fcontext saves on x86-64 (System V), the return address last.
        # Some versions also save the stack protector's word, which shifts everything by one.
        word = gdb.lookup_type("unsigned long")
        saved = gdb.Value(self.context).cast(word.pointer())
        frame = pending.create_unwind_info(
            # gdb expects each caller at a higher address than its callee, so this frame gets an
            # address just below the strand's frames.
            self.FrameId(gdb.Value(self.context).cast(word), pending.read_register("rip"))
        )
        first = 1 if gdb.block_for_pc(int(saved[7])) is not None else 2
        for slot, register in enumerate(("r12", "r13", "r14", "r15", "rbx", "rbp", "rip"), first):
            frame.add_saved_register(register, saved[slot])
        frame.add_saved_register("rsp", gdb.Value(self.context + (first + 7) * 8).cast(word))
        return frame

    def show(self, context):
        """From now on `context` is the caller of frame 0; None: its own caller again."""
        self.context = None
        gdb.invalidate_cached_frames()
        if context is None:
            return
        if gdb.selected_frame().architecture().name() != "i386:x86-64":
            raise gdb.GdbError("stacks of suspended strands can be read on x86-64 only")
        self.base = int(gdb.newest_frame().read_register("rsp"))
        self.context = context
        gdb.invalidate_cached_frames()


unwinder = StrandUnwinder()
gdb.unwinder.register_unwinder(None, unwinder, True)
gdb.events.cont.connect(lambda _: unwinder.show(None))



def strands_frame():
    """The frame that a suspended strand stands in, while its context is shown."""
    frame = gdb.newest_frame()
    while frame.type() == gdb.INLINE_FRAME:
        frame = frame.older()
    return frame.older()


LIBRARY_NAME = re.compile(
    r"^(reprise::|std::|boost::|__gnu_cxx::|make_fcontext|jump_fcontext"
    r"|__cxxabiv1::|__cxa_|__gxx_|_Unwind_)"
)
LIBRARY_FILE = re.compile(r"(/reprise/(internal/)?\w+\.h|/include/c\+\+/.*|/include/boost/.*)$")
OUTERMOST = "reprise::replay::Strand::State::main"


def library_folders():
    """Where the library was built: closures have no names that say whose they are."""
    known = gdb.lookup_global_symbol("reprise::runtime::debug_roots")
    if known is None:
        return ()
    root = known.symtab.fullname().rsplit("/", 2)[0]  # of root/runtime/debug_root.cc
    return tuple(os.path.join(root, layer) + "/" for layer in ("base", "replay", "runtime", "sdk"))


def is_library(frame):
    name = frame.name()
    if name is None or LIBRARY_NAME.match(name):
        return True
    # Either alone may be wrong: the line may be in an inlined function of a header, and an inlined
    # function counts as part of the file into which it was inlined.
    tables = [frame.find_sal().symtab, frame.function() and frame.function().symtab]
    paths = [table.fullname() for table in tables if table]
    folders = library_folders()
    return all(LIBRARY_FILE.search(path) or path.startswith(folders) for path in paths)


def frames_from(frame):
    """From that frame to the outermost one of the strand, or of the thread.

    One by one: gdb reads the symbols of a whole source file for each that is new to it."""
    for _ in range(200):
        if frame is None or not frame.is_valid() or frame.pc() == 0:
            return
        yield frame
        if (frame.name() or "").startswith(OUTERMOST):
            return
        try:
            frame = frame.older()
        except gdb.error:
            return


def users_frame(frame):
    """The first frame from there on that is not the library's, or None."""
    return next((frame for frame in frames_from(frame) if not is_library(frame)), None)


def shown_value(symbol, frame):
    try:
        value = symbol.value(frame)
        if value.is_optimized_out:
            return "<optimized out>"
        kind = value.type.strip_typedefs().code
        if kind in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
            value = value.referenced_value()
        return value.format_string(max_elements=40, max_depth=1)
    except gdb.error as error:
        return "<%s>" % error


def symbols_of(frame):
    """Arguments and other variables of the frame's function, the innermost block first."""
    arguments, variables = [], []
    try:
        block = frame.block()
    except RuntimeError:
        return arguments, variables  # without debug information
    while block is not None and not block.is_global and not block.is_static:
        for symbol in block:
            if symbol.is_argument:
                arguments.append(symbol)
            elif symbol.is_variable or symbol.is_constant:  # a constant may be an optimized variable
                variables.append(symbol)
        if block.function is not None:
            break
        block = block.superblock
    return arguments, variables


def print_frame(level, frame, full):
    arguments, variables = symbols_of(frame)
    place = frame.find_sal()
    where = " at %s:%d" % (place.symtab.filename, place.line) if place.symtab else ""
    values = ", ".join("%s=%s" % (s.print_name, shown_value(s, frame)) for s in arguments)
    print("    #%-3d %s (%s)%s" % (level, frame.name() or "??", values, where))
    for symbol in variables if full else []:
        print("           %s = %s" % (symbol.print_name, shown_value(symbol, frame)))


def print_frames(frames, everything, full):
    # A stack as deep as `frames` may have only the library's functions: in a run that is about to
    # start or has ended.
    own = [f for f in enumerate(frames) if everything or not is_library(f[1])]
    for level, frame in own:
        print_frame(level, frame, full)
    if len(own) < len(frames):
        print("    (%d frames of the library are not shown; `all` shows them)"
              % (len(frames) - len(own)))


def print_strand(strand, everything, full):
    print("strand %d %s" % (strand.number, strand.wait()))
    if strand.running:
        thread = strand.thread()
        if thread is None:
            print("    it has resumed another strand")
            return
        was = gdb.selected_thread()
        thread.switch()
        try:
            print_frames(list(frames_from(gdb.newest_frame())), everything, full)
        finally:
            was.switch()
    elif strand.started:
        try:
            unwinder.show(int(strand.state["self"]))
            print_frames(list(frames_from(strands_frame())), everything, full)
        finally:
            unwinder.show(None)


# ---- a replay under control ------------------------------------------------------------------

RUN_ON, TO_EVENT, TO_MOMENT = 0, 1, 2
STOP = "reprise::internal::DebuggedReplay::stop"


def is_live():
    connection = gdb.selected_inferior().connection
    return connection is not None and connection.type != "core"


def control():
    found = variable("internal::replay_control")
    if gdb.selected_inferior().pid == 0 or not read(lambda: bool(found["active"])):
        raise gdb.GdbError(
            "no replay is under way here: gdb --args PROGRAM replay --history FILE --break EVENT"
        )
    return found


def select_users_frame():
    """Behind the frames of the library, which stand on top at a stop of a replay."""
    on_strand = variable("internal::replay_control")["on_strand"]
    frame = users_frame(gdb.newest_frame()) if on_strand else None
    if frame is None:
        print("no function of the workflow's is on the stack here")
        return
    frame.select()
    gdb.execute("frame")


def on_stop(event):
    # For gdb a trap is a stop without a reason.
    if type(event) is gdb.StopEvent and gdb.newest_frame().name() == STOP:
        select_users_frame()


gdb.events.stop.connect(on_stop)


def go_on(request, target):
    if not is_live():
        raise gdb.GdbError("a core file does not go on; `PROGRAM replay` in gdb does")
    control()  # or say that there is none
    gdb.set_convenience_variable("reprise_request", request)
    gdb.set_convenience_variable("reprise_target", target)
    gdb.execute("set var 'reprise::internal::replay_control'.target = $reprise_target")
    gdb.execute("set var 'reprise::internal::replay_control'.request = $reprise_request")
    gdb.execute("continue")
    if gdb.selected_inferior().pid == 0:
        print("the program has ended")


def start_replay():
    """Runs the program up to where its replay begins."""
    variable("internal::replay_control")  # or say that there is no debug information
    gdb.Breakpoint("reprise::internal::DebuggedReplay::run", internal=True, temporary=True)
    gdb.execute("run", to_string=True)
    if gdb.selected_inferior().pid == 0:
        raise gdb.GdbError("the program ended before a replay began: is it `PROGRAM replay ...`?")


# ---- commands --------------------------------------------------------------------------------


class Reprise(gdb.Command):
    """Look at runs of Reprise workflows, and move through a replay of one."""

    def __init__(self):
        super().__init__("reprise", gdb.COMMAND_DATA, prefix=True)


class Runs(gdb.Command):
    """List the runs in memory: id, workflow, status, and what each strand waits for."""

    def __init__(self):
        super().__init__("reprise runs", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        runs = read(all_runs)
        for run in runs:
            kind = ", replayed" if run.replay else ""
            if run.attempt > 1:
                kind = ", attempt %d%s" % (run.attempt, kind)
            print("#%d %s  %s  %s%s" % (run.number, run.workflow_id, run.workflow, run.status(), kind))
            for strand in run.strands():
                print("    strand %d %s" % (strand.number, strand.wait()))
        if not runs:
            print("no run is resident")


class Backtrace(gdb.Command):
    """Backtrace of every strand of a run: reprise bt [RUN] [full] [all]

RUN is a workflow id, a run id or its beginning, or #N of `reprise runs`; the only run may be left
out. full: local variables too. all: frames of the library too."""

    def __init__(self):
        super().__init__("reprise bt", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        full, everything = "full" in words, "all" in words
        names = [word for word in words if word not in ("full", "all")]
        if len(names) > 1:
            raise gdb.GdbError("usage: reprise bt [RUN] [full] [all]")
        run = find_run(names[0] if names else "")
        print("%s  %s  %s" % (run.workflow_id, run.workflow, run.status()))
        for strand in run.strands():
            print_strand(strand, everything, full)


class SelectStrand(gdb.Command):
    """Make gdb's own bt, up, frame and info locals look at a suspended strand: reprise strand N [RUN]

Until the program goes on, or `reprise strand 0`. Frame 0 stays the thread's own."""

    def __init__(self):
        super().__init__("reprise strand", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if not 1 <= len(words) <= 2 or not words[0].isdigit():
            raise gdb.GdbError("usage: reprise strand N [RUN]")
        unwinder.show(None)
        if words[0] == "0":
            return
        strands = find_run(words[1] if len(words) == 2 else "").strands()
        if int(words[0]) > len(strands):
            raise gdb.GdbError("the run has %d strands" % len(strands))
        strand = strands[int(words[0]) - 1]
        if strand.running:
            thread = strand.thread()
            if thread is None:
                raise gdb.GdbError("the strand has resumed another one")
            thread.switch()
            return
        if not strand.started:
            raise gdb.GdbError("the strand has not started")
        unwinder.show(int(strand.state["self"]))
        (users_frame(strands_frame()) or strands_frame()).select()
        gdb.execute("frame")


class Event(gdb.Command):
    """Run a replay on to an event, or start it over when that lies behind: reprise event N"""

    def __init__(self):
        super().__init__("reprise event", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        if not re.fullmatch(r"\s*[1-9]\d*\s*", argument):
            raise gdb.GdbError("usage: reprise event N, from 1")
        if gdb.selected_inferior().pid == 0:
            start_replay()
        events = int(control()["events"])
        if int(argument) > events:
            raise gdb.GdbError("the history has %d events" % events)
        first = int(control()["first"])
        if int(argument) < first:
            raise gdb.GdbError("the replay begins with event %d, at the last checkpoint; --whole "
                               "begins with the first event" % first)
        go_on(TO_EVENT, int(argument))


class Next(gdb.Command):
    """Run a replay on to the next event that it reaches.

The inputs of a turn stand before all its commands in the history; the replay reaches each command
behind the input that led to it."""

    def __init__(self):
        super().__init__("reprise next", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        if gdb.selected_inferior().pid == 0:
            start_replay()
        go_on(TO_MOMENT, int(control()["moment"]) + 1)


class Back(gdb.Command):
    """Go back to the event that the replay reached before: it starts over and runs up to there."""

    def __init__(self):
        super().__init__("reprise back", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        moment = int(control()["moment"])
        if moment <= 1:
            raise gdb.GdbError("this is the first event")
        go_on(TO_MOMENT, moment - 1)


class History(gdb.Command):
    """The events of the history that is replayed, the current one marked: reprise history [N]

N: only as many on either side of the current one."""

    def __init__(self):
        super().__init__("reprise history", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        if argument.strip() and not argument.strip().isdigit():
            raise gdb.GdbError("usage: reprise history [N]")
        found = control()
        count, now = int(found["events"]), int(found["event"])
        first, last = 1, count
        if argument.strip():
            first, last = max(1, now - int(argument)), min(count, now + int(argument))
        for number in range(first, last + 1):
            line = found["lines"][number - 1].string("utf-8", "replace")
            print("%s %5d %s" % ("=>" if number == now else "  ", number, line))


for command in (Reprise, Runs, Backtrace, SelectStrand, Event, Next, Back, History):
    command()
