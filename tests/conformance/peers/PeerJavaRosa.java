// JavaRosa, the engine in ODK Collect, on jobs of a line each, in one warm virtual machine:
//   java -Duser.timezone=UTC -cp ODK_Validate.jar PeerJavaRosa.java < jobs.jsonl > results.jsonl
// The jar is in the PyPI package pyxform (pyxform/validators/odk_validate/bin), with JavaRosa and Jackson in it.
// in  {id, form: PATH | xml: TEXT, steps?: [...], attachments?: DIR}
// out {id, xml?, error?, steps: [{…the step, refused?, error?}], ms: {load, steps: [..]}}
// steps {set: REF, value} {addRepeat: REF} {removeRepeat: REF} {lang: NAME}; REF is /data/rep[2]/q, with positions on
// repeat instances only. `ms.load` is from XML text to the first question, `ms.steps` what the engine took for an answer
// and the step to the next question, without finding the question.
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.MultipleItemsData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.core.reference.PrefixedRootFactory;
import org.javarosa.core.reference.Reference;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.core.services.IPropertyManager;
import org.javarosa.core.services.PropertyManager;
import org.javarosa.core.services.properties.IPropertyRules;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.util.XFormAnswerDataParser;
import org.javarosa.xform.util.XFormUtils;

public class PeerJavaRosa {
    static final ObjectMapper JSON = new ObjectMapper();
    static final Path NOWHERE = Path.of("/nonexistent");
    static volatile Path attachments = NOWHERE;

    final FormDef form;
    final FormEntryModel model;
    final FormEntryController controller;

    PeerJavaRosa(String xml) throws Exception {
        form = XFormUtils.getFormFromInputStream(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
        model = new FormEntryModel(form);
        controller = new FormEntryController(model);
        form.initialize(true, new InstanceInitializationFactory());
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        controller.stepToNextEvent();
    }

    /** A step that found its place, so that only the engine is timed. */
    interface Action { void run() throws Exception; }

    Action prepare(Map<String, Object> step) {
        if (step.containsKey("set")) {
            FormIndex at = walkTo((String) step.get("set"), FormEntryController.EVENT_QUESTION);
            if (at == null) throw new IllegalArgumentException("no question there (absent or not relevant)");
            IAnswerData value = answer(at, step.get("value"));
            controller.jumpToIndex(at);
            return () -> {
                int said = controller.answerQuestion(at, value, true);
                if (said != FormEntryController.ANSWER_OK) {
                    // JavaRosa keeps no answer that violates a constraint. Force it, as Nightjar and Web Forms store it.
                    step.put("refused", said == FormEntryController.ANSWER_REQUIRED_BUT_EMPTY ? "required" : "constraint");
                    controller.saveAnswer(at, value, true);
                }
                controller.stepToNextEvent();
            };
        }
        if (step.containsKey("addRepeat")) {
            FormIndex at = walkTo((String) step.get("addRepeat"), FormEntryController.EVENT_PROMPT_NEW_REPEAT);
            if (at == null) throw new IllegalArgumentException("no instance can be added there");
            return () -> controller.newRepeat(at);
        }
        if (step.containsKey("removeRepeat")) {
            FormIndex at = walkTo((String) step.get("removeRepeat"), FormEntryController.EVENT_REPEAT);
            if (at == null) throw new IllegalArgumentException("no instance there");
            return () -> controller.deleteRepeat(at);
        }
        if (step.containsKey("lang")) return () -> controller.setLanguage((String) step.get("lang"));
        throw new IllegalArgumentException("unknown step");
    }

    /** Walks the form as a person going forward does: this also makes the instances that a count asks for. */
    FormIndex walkTo(String target, int wanted) {
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        int event;
        while ((event = controller.stepToNextEvent()) != FormEntryController.EVENT_END_OF_FORM) {
            TreeReference reference = model.getFormIndex().getReference();
            if (target == null || event != wanted || reference == null) continue;
            String here = withPositions(reference.toString(true, false)), there = withPositions(target);
            if (wanted == FormEntryController.EVENT_PROMPT_NEW_REPEAT) {
                here = withoutLastPosition(here);
                there = withoutLastPosition(there);
            }
            if (here.equals(there)) return model.getFormIndex();
        }
        return null;
    }

    static String withPositions(String path) {
        StringBuilder out = new StringBuilder();
        for (String name : path.split("/")) {
            if (!name.isEmpty()) out.append('/').append(name.endsWith("]") ? name : name + "[1]");
        }
        return out.toString();
    }

    static String withoutLastPosition(String path) { return path.replaceAll("\\[\\d+\\]$", ""); }

    IAnswerData answer(FormIndex at, Object value) {
        String text = value == null ? "" : String.valueOf(value);
        if (text.isEmpty()) return null;
        FormEntryPrompt prompt = model.getQuestionPrompt(at);
        int control = prompt.getControlType();
        boolean one = control == Constants.CONTROL_SELECT_ONE;
        if (!one && control != Constants.CONTROL_SELECT_MULTI && control != Constants.CONTROL_RANK) {
            return XFormAnswerDataParser.getAnswerData(text, prompt.getDataType(), prompt.getQuestion());
        }
        List<Selection> chosen = new ArrayList<>();
        for (String code : text.trim().split("\\s+")) {
            SelectChoice choice = prompt.getSelectChoices().stream().filter(c -> c.getValue().equals(code)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no choice " + code));
            chosen.add(choice.selection());
        }
        return one ? new SelectOneData(chosen.get(0)) : new MultipleItemsData(chosen);
    }

    String submission() throws IOException {
        walkTo(null, 0);
        form.postProcessInstance();
        byte[] xml = new XFormSerializingVisitor().serializeInstance(form.getMainInstance());
        return new String(xml, StandardCharsets.UTF_8);
    }

    static double since(long start) { return Math.round((System.nanoTime() - start) / 100.0) / 10_000.0; }

    @SuppressWarnings("unchecked")
    static Map<String, Object> run(Map<String, Object> job) {
        Map<String, Object> out = new LinkedHashMap<>(), ms = new LinkedHashMap<>();
        List<Object> steps = new ArrayList<>(), times = new ArrayList<>();
        out.put("id", job.get("id"));
        out.put("steps", steps);
        ms.put("steps", times);
        out.put("ms", ms);
        try {
            Object folder = job.get("attachments");
            attachments = folder == null ? NOWHERE : Path.of((String) folder);
            Object given = job.get("xml");
            String xml = given != null ? (String) given : Files.readString(Path.of((String) job.get("form")));
            long start = System.nanoTime();
            PeerJavaRosa peer = new PeerJavaRosa(xml);
            ms.put("load", since(start));
            for (Object one : (List<Object>) job.getOrDefault("steps", List.of())) {
                Map<String, Object> step = new LinkedHashMap<>((Map<String, Object>) one);
                double took = 0;
                try {
                    Action action = peer.prepare(step);
                    long from = System.nanoTime();
                    action.run();
                    took = since(from);
                } catch (Exception problem) {
                    step.put("error", String.valueOf(problem.getMessage()));
                }
                times.add(took);
                steps.add(step);
            }
            out.put("xml", peer.submission());
        } catch (Throwable problem) {
            out.put("error", problem.getClass().getSimpleName() + ": " + problem.getMessage());
        }
        return out;
    }

    /** The properties of a device, which a preload may ask for. */
    static class Properties implements IPropertyManager {
        final Map<String, String> values = new HashMap<>(Map.of(
            "deviceid", "peer:device", "username", "peer", "email", "peer@example.org", "phonenumber", "0"));
        public List<String> getProperty(String name) { return List.of(getSingularProperty(name)); }
        public String getSingularProperty(String name) { return values.getOrDefault(name.toLowerCase(), ""); }
        public void setProperty(String name, String value) { values.put(name, value); }
        public void setProperty(String name, List<String> value) { }
        public void addRules(IPropertyRules rules) { }
        public List<IPropertyRules> getRules() { return new ArrayList<>(); }
    }

    /** A file of the job's folder of attachments. */
    record Attachment(Path path, String uri) implements Reference {
        public boolean doesBinaryExist() { return Files.exists(path); }
        public InputStream getStream() throws IOException { return Files.newInputStream(path); }
        public String getURI() { return uri; }
        public String getLocalURI() { return path.toString(); }
        public boolean isReadOnly() { return true; }
        public OutputStream getOutputStream() { throw new UnsupportedOperationException(); }
        public void remove() { }
        public Reference[] probeAlternativeReferences() { return new Reference[0]; }
    }

    static void setUp() {
        new XFormsModule().registerModule();
        PropertyManager.setPropertyManager(new Properties());
        String[] roots = {"file", "file-csv", "images", "audio", "video", "instance"};
        ReferenceManager.instance().addReferenceFactory(new PrefixedRootFactory(roots) {
            protected Reference factory(String terminal, String uri) {
                return new Attachment(attachments.resolve(Path.of(terminal).getFileName()), uri);
            }
        });
    }

    @SuppressWarnings("unchecked")
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.setOut(System.err); // JavaRosa prints to standard output
        setUp();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String line;
        while ((line = in.readLine()) != null) {
            if (!line.isBlank()) out.println(JSON.writeValueAsString(run(JSON.readValue(line, Map.class))));
        }
        System.exit(0);
    }
}
