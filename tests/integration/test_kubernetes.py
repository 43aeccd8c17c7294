#!/usr/bin/env python3
"""deploy/kubernetes, offline: what a manifest names exists, selectors find what they mean, the restricted pod security
standard is kept, and each container's command takes its environment (the real binaries; BUILD, default build).
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-yaml, whatever Python this is
import yaml  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import exposition  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
FOLDER = ROOT / "deploy/kubernetes"
API = {"Namespace": "v1", "ConfigMap": "v1", "Service": "v1", "StatefulSet": "apps/v1", "Deployment": "apps/v1",
       "PodDisruptionBudget": "policy/v1", "HorizontalPodAutoscaler": "autoscaling/v2"}
SECRETS = "/run/secrets/mangoplan"
OPS = {"ingest": 9100, "calls": 9101, "crm": 9102}


class Strict(yaml.SafeLoader):
    """A key that comes twice is a fault, not the last one's."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.YAMLError("a key twice, line %d" % node.start_mark.line)
        return super().construct_mapping(node, deep)


def documents(name):
    with open(FOLDER / name, encoding="utf-8") as file:
        return list(yaml.load_all(file, Strict))


class Kubernetes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        (cls.kustomization,) = documents("kustomization.yaml")
        cls.all = [doc for name in cls.kustomization["resources"] for doc in documents(name)]
        cls.workloads = [d for d in cls.all if d["kind"] in ("StatefulSet", "Deployment")]
        (cls.config,) = [d for d in cls.all if d["kind"] == "ConfigMap"]

    def of_kind(self, kind):
        return [d for d in self.all if d["kind"] == kind]

    def test_all_files_are_taken(self):
        self.assertEqual(sorted(p.name for p in FOLDER.glob("*.yaml")), sorted(self.kustomization["resources"] + ["kustomization.yaml"]))
        for doc in self.all:
            self.assertEqual(doc["apiVersion"], API[doc["kind"]])
        names = [(d["kind"], d["metadata"]["name"]) for d in self.all]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(self.kustomization["namespace"], self.of_kind("Namespace")[0]["metadata"]["name"])

    def test_selectors_find(self):
        pods = [w["spec"]["template"]["metadata"]["labels"] for w in self.workloads]
        for doc in self.workloads + self.of_kind("PodDisruptionBudget"):
            wanted = doc["spec"]["selector"]["matchLabels"]
            self.assertEqual(sum(wanted.items() <= labels.items() for labels in pods), 1, doc["metadata"])
        for workload in self.workloads:
            self.assertLessEqual(workload["spec"]["selector"]["matchLabels"].items(), workload["spec"]["template"]["metadata"]["labels"].items())
        for service in self.of_kind("Service"):
            (found,) = [w for w in self.workloads if service["spec"]["selector"].items() <= w["spec"]["template"]["metadata"]["labels"].items()]
            ports = {p["name"] for p in found["spec"]["template"]["spec"]["containers"][0]["ports"]}
            self.assertLessEqual({p["targetPort"] for p in service["spec"]["ports"]}, ports)
        services = {s["metadata"]["name"] for s in self.of_kind("Service")}
        self.assertLessEqual({w["spec"]["serviceName"] for w in self.of_kind("StatefulSet")}, services)

    def test_autoscaling(self):
        table, scaled = exposition.table(), {d["metadata"]["name"] for d in self.of_kind("Deployment")}
        for hpa in self.of_kind("HorizontalPodAutoscaler"):
            self.assertIn(hpa["spec"]["scaleTargetRef"]["name"], scaled)
            self.assertLessEqual(hpa["spec"]["maxReplicas"], 12)  # TOPIC_PARTITIONS
            for metric in hpa["spec"]["metrics"]:
                named = metric["pods"]["metric"]
                row = table[named["name"]]
                for label, value in named["selector"]["matchLabels"].items():
                    self.assertTrue(row.allows(label, value), (label, value))
        for workload in self.workloads:
            self.assertGreaterEqual(workload["spec"]["replicas"], 2)

    def test_pods_are_restricted(self):
        for workload in self.workloads:
            pod = workload["spec"]["template"]["spec"]
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            self.assertEqual(pod["securityContext"]["runAsUser"], 10001)  # the image's
            self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            self.assertFalse(pod["automountServiceAccountToken"])
            self.assertGreaterEqual(pod["terminationGracePeriodSeconds"], 30)
            for container in pod["containers"]:
                self.assertEqual(container["securityContext"], {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                                "capabilities": {"drop": ["ALL"]}})
                self.assertIn("memory", container["resources"]["limits"])
        self.assertIn("--uid 10001", (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8"))

    def test_ports_and_probes(self):
        for workload in self.workloads:
            role = workload["metadata"]["name"]
            (container,) = workload["spec"]["template"]["spec"]["containers"]
            ports = {p["name"]: p["containerPort"] for p in container["ports"]}
            env = {e["name"]: e["value"] for e in container["env"]}
            self.assertEqual(ports["ops"], OPS[role])
            self.assertEqual(env["OPS_LISTEN"], "0.0.0.0:%d" % OPS[role])
            notes = workload["spec"]["template"]["metadata"]["annotations"]
            self.assertEqual(notes["prometheus.io/port"], str(OPS[role]))
            for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
                self.assertEqual(container[probe]["httpGet"], {"path": path, "port": "ops"})

    def test_volumes_and_secrets(self):
        told = (FOLDER / "settings.yaml").read_text(encoding="utf-8")
        for workload in self.workloads:
            pod = workload["spec"]["template"]["spec"]
            claims = [c["metadata"]["name"] for c in workload["spec"].get("volumeClaimTemplates", [])]
            names = {v["name"] for v in pod["volumes"]} | set(claims)
            (container,) = pod["containers"]
            self.assertEqual({m["name"] for m in container["volumeMounts"]}, names)
            for entry in container["env"]:
                if entry["value"].startswith(SECRETS):
                    self.assertIn("--from-literal=%s=" % pathlib.Path(entry["value"]).name, told)

    def test_the_binaries_take_it(self):
        """With the secrets' files in a folder of this test's."""
        for workload in self.workloads:
            (container,) = workload["spec"]["template"]["spec"]["containers"]
            with tempfile.TemporaryDirectory() as folder:
                for name, text in (("secret_key", "5a" * 32), ("admin_password", "a password of 12"), ("kafka_properties", "")):
                    (pathlib.Path(folder) / name).write_text(text)
                env = {**self.config["data"], **{e["name"]: e["value"].replace(SECRETS, folder) for e in container["env"]}}
                argv = [BUILD / container["command"][0], *container["command"][1:], "--check"]
                done = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            used = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
            for name, value in env.items():
                if not name.endswith("_FILE") and name in used:
                    self.assertEqual(used[name], value)
            own = {e["name"].removesuffix("_FILE") for e in container["env"]}
            self.assertLessEqual(own, set(used), workload["metadata"]["name"])
        known = "".join(subprocess.run([BUILD / a, *b, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
                        for a, b in (("ingest", []), ("worker", ["calls"]), ("worker", ["crm"])))
        for name in self.config["data"]:
            self.assertRegex(known, r"(?m)^  %s\b" % re.escape(name))


if __name__ == "__main__":
    unittest.main()
